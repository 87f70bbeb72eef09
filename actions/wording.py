"""Small readings of words that several actions need."""

import re
import unicodedata

_FINISHED = re.compile(
    r"(?:e |era |eh |ok |pronto |ja )*"
    r"(?:fim|finaliz\w*|conclu\w*|encerr\w* (?:o )?envio|pronto|terminei|acabou|acabei"
    r"|so isso(?: mesmo)?"
    r"|mais nada|nada mais|nada|pode (?:abrir|enviar|criar|concluir|finalizar)"
    r"|(?:nao|n) (?:tenho|tem|ha|precisa)\b.{0,30}|nenhum\w?"
    r"|sem (?:anexos?|arquivos?|midias?|fotos?))"
)
_NO = re.compile(
    r"(?:(?:nao|n|nn|naum|nada|nenhum\w?|negativo|nem|pular|deixa|agora|hoje|ainda|obrigad\w|vlw"
    r"|valeu|quero|precisa|preciso|tenho|sei|pra|para|la|quieto|isso|mais|por|favor|so)\b\s*)+"
)
_YES = re.compile(
    r"(?:(?:s|ss|sim|claro|ok|okay|blz|beleza|isso|mesmo|certo|pode|ser|quero|aceito|uhum|aham|bora"
    r"|com|certeza|por|favor|ta|bom|tudo|bem)\b\s*)+"
)
_REFUSES = re.compile(r"\b(?:nao|n|nn|naum|nada|nenhum\w?|negativo|pular|deixa)\b")
_ANSWERS = re.compile(
    r"(?:(?:eu|quero|queria|vou|gostaria|de|preciso|posso|qro|pode|sim)\s+)*"
    r"(?:responder|responde|comentar|postar|adicionar|acrescentar|complementar)"
    r"(?:\s+(?:uma?|nova|acao|informacao|comentario|mais|algo|isso|ao?|[on]o?|chamado|atendimento"
    r"|ticket|equipe|atendente|pra|para|eles|por|favor|pfv?))*"
)
_BACK = re.compile(
    r"(?:quero |queria |pode |posso )?(?:volta|voltar|volte|anterior|(?:passo|etapa) anterior)"
    r"(?: (?:um|uma|o|a|ao|para|pra|passo|etapa|atras|anterior|por|favor|pfv?))*"
)
_ENGLISH = re.compile(
    r"\b(?:the|you|your|how|can|cannot|help|my|is|are|please|need|what|where|when|why|hello|don't"
    r"|can't|i'm|i|speak|english|want|reset|password|not|login|log in)\b",
    re.IGNORECASE,
)
_FEWEST_ENGLISH_WORDS = 3
_LETTERS = re.compile(r"[^\W\d_]")


def fold(text: str) -> str:
    """The text in lower case and without accents."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def says_finished(text: str) -> bool:
    """Whether a message says that there is no more to come: "Fim" and its like."""
    words = _plain(text)
    return len(words) <= 60 and _FINISHED.fullmatch(words) is not None


def says_no(text: str) -> bool:
    """Whether a message is a bare no, whatever its politeness; "nota errada" is not."""
    words = _plain(text)
    return _NO.fullmatch(words) is not None and _REFUSES.search(words) is not None


def says_yes(text: str) -> bool:
    """Whether a message is a bare yes."""
    return _YES.fullmatch(_plain(text)) is not None


def wants_to_answer(text: str) -> bool:
    """Whether a message only asks to write on a ticket: "responder" and its like."""
    return _ANSWERS.fullmatch(_plain(text)) is not None


def says_back(text: str) -> bool:
    """Whether a message asks for the step before: "voltar", but not "voltar ao menu"."""
    return _BACK.fullmatch(_plain(text)) is not None


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", fold(text[:200])).split())


def has_words(text: str) -> bool:
    """Whether a message says anything in letters; emoji and dots do not."""
    return len(_LETTERS.findall(text)) >= 2


def is_english(text: str) -> bool:
    """Whether a message is in English."""
    return len(set(_ENGLISH.findall(text.lower()))) >= _FEWEST_ENGLISH_WORDS


def first_sentence(text: str, most_chars: int) -> str:
    """The first sentence or line, cut at a word when it is longer than ``most_chars``."""
    sentence = re.split(r"(?<=[.!?])\s|\n", text.strip(), maxsplit=1)[0].strip(" .")
    if len(sentence) <= most_chars:
        return sentence
    return sentence[: most_chars - 1].rsplit(" ", 1)[0] + "…"
