-- What searches look into: title, description and the names of an asset's files, folded (Unicode case folding over composed
-- text). SQLite folds ASCII letters only, so the program writes them, here for the rows there are, then with every change.

ALTER TABLE assets ADD COLUMN title_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE assets ADD COLUMN description_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE assets ADD COLUMN file_names_folded TEXT NOT NULL DEFAULT '';
