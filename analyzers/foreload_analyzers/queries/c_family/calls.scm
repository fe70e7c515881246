((call_expression) @whole (#set! fact "call"))
((preproc_call directive: (preproc_directive) @_name argument: (_) @value) @whole
  (#eq? @_name "#pragma") (#set! fact "pragma"))

((return_statement (_) @value) @whole (#set! fact "return"))
