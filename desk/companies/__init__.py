"""Companies, known by their CNPJ."""
