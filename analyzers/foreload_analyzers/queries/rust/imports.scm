((use_declaration argument: (_) @module) (#set! fact "import") (#set! kind "use"))
((extern_crate_declaration name: (_) @module) (#set! fact "import") (#set! kind "use"))
