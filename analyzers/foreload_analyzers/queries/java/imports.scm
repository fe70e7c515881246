((import_declaration (scoped_identifier) @module) (#set! fact "import"))
