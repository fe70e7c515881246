((preproc_include path: (_) @module) (#set! fact "import") (#set! kind "include"))
