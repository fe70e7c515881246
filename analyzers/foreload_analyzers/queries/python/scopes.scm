; What encloses other things: functions, classes, branches. Every pattern names its fact; the captures are the same in all languages.

((function_definition name: (identifier) @name body: (block) @body) @whole
  (#set! fact "function"))

((function_definition "async") @whole (#set! fact "async"))

((decorated_definition (decorator (_) @value) definition: (function_definition) @whole) (#set! fact "decorator"))

((class_definition name: (identifier) @name body: (block) @body) @whole (#set! fact "class"))

((if_statement consequence: (block) @whole) (#set! fact "branch"))
((elif_clause) @whole (#set! fact "branch"))
((else_clause) @whole (#set! fact "branch"))
((case_clause) @whole (#set! fact "branch"))

((except_clause) @whole (#set! fact "rare"))
((raise_statement) @whole (#set! fact "rare"))

((if_statement condition: (comparison_operator . (identifier) @name . (string) .)) @whole
  (#eq? @name "__name__") (#set! fact "main"))
