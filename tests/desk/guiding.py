"""A help folder with guides of a test's own."""

from pathlib import Path

GUIDE = """
titulo: O portal está lento
tipo: Erro no sistema
gatilhos:
  - tudo lento aqui
  - o portal ficou devagar
  - demora para abrir devagar
perguntas: [o_que_acontece]
verificar: [conta, portal]
conta:
  bloqueada: Espere cinco minutos.
solucoes_basicas:
  - texto: Feche as abas que não usa.
passo_a_passo:
  - texto: Reinicie o portal.
  - texto: Desligue o roteador por trinta segundos.
    pagina: erros/lentidao
conclusao: O portal voltou a ficar rápido?
"""


def a_help_folder(root: Path, **guides: str) -> Path:
    """A folder with one page and these guides, by the names of their files."""
    folder = root / "ajuda"
    (folder / "erros").mkdir(parents=True)
    (folder / "guias").mkdir()
    (folder / "erros" / "lentidao.md").write_text("# Lentidão\n\n## Rede\n\nTexto.\n", "utf-8")
    for name, text in guides.items():
        (folder / "guias" / name).write_text(text, "utf-8")
    return folder
