((import_spec !name path: (_) @module) (#set! fact "import") (#set! kind "path"))
((import_spec name: (_) @alias path: (_) @module) (#set! fact "import") (#set! kind "path"))
