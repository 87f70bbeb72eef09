"""How people write on WhatsApp, brought back to the words they mean."""

import re
import unicodedata
from typing import NamedTuple

from nlu.mentions import CNPJ, EMAIL, READ_AT_MOST_CHARS, is_cnpj

ABBREVIATIONS = {
    "abs": "abracos",
    "agr": "agora",
    "aki": "aqui",
    "atend": "atendimento",
    "axo": "acho",
    "bjs": "beijos",
    "blz": "beleza",
    "bm": "bom",
    "bora": "vamos",
    "bt": "boleto",
    "c": "com",
    "cade": "onde esta",
    "cmg": "comigo",
    "cmo": "como",
    "cnsg": "consigo",
    "consg": "consigo",
    "consigu": "consigo",
    "ctg": "contigo",
    "ctz": "certeza",
    "d": "de",
    "dps": "depois",
    "dnv": "de novo",
    "dsclp": "desculpa",
    "dscp": "desculpa",
    "eh": "e",
    "entaum": "entao",
    "entra": "entrar",
    "fala": "falar",
    "falow": "falou",
    "fds": "fim de semana",
    "flw": "falou",
    "fmz": "firmeza",
    "glr": "galera",
    "gnt": "gente",
    "hj": "hoje",
    "jah": "ja",
    "ki": "que",
    "kd": "onde esta",
    "mds": "meu deus",
    "mlk": "moleque",
    "mn": "mano",
    "msg": "mensagem",
    "msm": "mesmo",
    "mt": "muito",
    "mto": "muito",
    "mta": "muita",
    "n": "nao",
    "naum": "nao",
    "nd": "nada",
    "neh": "ne",
    "ngm": "ninguem",
    "nn": "nao",
    "noiz": "nos",
    "num": "nao",
    "obg": "obrigado",
    "obgd": "obrigado",
    "obgda": "obrigada",
    "obrigadu": "obrigado",
    "oq": "o que",
    "oke": "o que",
    "p": "para",
    "pq": "porque",
    "pf": "por favor",
    "pfv": "por favor",
    "pfvr": "por favor",
    "plmds": "pelo amor de deus",
    "pls": "por favor",
    "pra": "para",
    "pro": "para o",
    "prob": "problema",
    "q": "que",
    "qd": "quando",
    "qdo": "quando",
    "qlqr": "qualquer",
    "qm": "quem",
    "qnd": "quando",
    "qndo": "quando",
    "qnt": "quanto",
    "qro": "quero",
    "qria": "queria",
    "qto": "quanto",
    "kero": "quero",
    "keria": "queria",
    "qual": "qual",
    "rsrs": "risos",
    "rs": "risos",
    "sla": "sei la",
    "slc": "se e louco",
    "sfv": "por favor",
    "soh": "so",
    "ss": "sim",
    "sm": "sim",
    "t": "te",
    "ta": "esta",
    "tah": "esta",
    "tao": "estao",
    "tb": "tambem",
    "tbm": "tambem",
    "td": "tudo",
    "tds": "todos",
    "tendi": "entendi",
    "tmj": "estamos juntos",
    "to": "estou",
    "tou": "estou",
    "tlgd": "ta ligado",
    "tlvz": "talvez",
    "tnc": "irritado",
    "tnd": "entendi",
    "tive": "tive",
    "tel": "telefone",
    "vc": "voce",
    "vcs": "voces",
    "ve": "ver",
    "vdd": "verdade",
    "vlw": "valeu",
    "vlws": "valeu",
    "vou": "vou",
    "vsf": "irritado",
    "xamado": "chamado",
    "xau": "tchau",
    "tchau": "tchau",
    "zap": "whatsapp",
    "zapzap": "whatsapp",
    "wpp": "whatsapp",
    "whats": "whatsapp",
    "sist": "sistema",
    "usr": "usuario",
    "pssoa": "pessoa",
    "tá": "esta",
    "nfe": "nota fiscal",
    "nf": "nota fiscal",
}
"""Keys and values without accents. Only what has one meaning in a support chat."""

_LETTER_THRICE = re.compile(r"([^\W\d_])\1{2,}")
_LETTER_TWICE_AT_END = re.compile(r"(?<=\w{2})([^\W\d_])\1$")
_LAUGHTER = re.compile(r"^(?:k{2,}|(?:ha|he|hua|rs){2,}h?)$")
_LONG_NUMBER = re.compile(r"#?\d[\d.\-/]{1,}\d|#\d+")
_SHORT_NUMBER = re.compile(r"\d{1,2}")
# An address and a CNPJ are one word each, even if the CNPJ is typed with spaces.
_WORD = re.compile(
    rf"{EMAIL.pattern}|{CNPJ.pattern}|[\w@#.+\-/]*\w|[^\w\s]",
    re.IGNORECASE,
)


class ChatWord(NamedTuple):
    """One word as it stands in the message, and as it is meant."""

    text: str
    start: int
    meant: str


def fold(text: str) -> str:
    """The text in lower case and without accents."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def meant_by(word: str) -> str:
    """The plain form of one word of chat; numbers and addresses become what they are."""
    if EMAIL.fullmatch(word):
        return "enderecoemail"
    if CNPJ.fullmatch(word) and is_cnpj(word):
        return "numerocnpj"
    if _SHORT_NUMBER.fullmatch(word):
        return "numerocurto"
    if _LONG_NUMBER.fullmatch(word):
        return "numerolongo"
    folded = fold(word).strip(".-/+")
    if _LAUGHTER.match(folded):
        return "risos"
    folded = _LETTER_TWICE_AT_END.sub(r"\1", _LETTER_THRICE.sub(r"\1", folded))
    return ABBREVIATIONS.get(folded, folded) or word


def words_of(text: str) -> list[ChatWord]:
    """The words of the first part of a message, in order, without bare punctuation."""
    words = []
    for match in _WORD.finditer(text[:READ_AT_MOST_CHARS]):
        word = match.group()
        if word.isalnum() or len(word) > 1 or _is_telling_symbol(word):
            words.append(ChatWord(word, match.start(), meant_by(word)))
    return words


def _is_telling_symbol(char: str) -> bool:
    """Question marks and emoji say something about the intent; a comma does not."""
    return char == "?" or unicodedata.category(char) in {"So", "Sk"}
