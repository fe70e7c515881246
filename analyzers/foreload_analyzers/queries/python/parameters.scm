((parameters (identifier) @name) (#set! fact "parameter"))
((parameters (default_parameter name: (identifier) @name)) (#set! fact "parameter"))
((parameters (typed_parameter . (identifier) @name type: (type) @type)) (#set! fact "parameter"))
((parameters (typed_default_parameter name: (identifier) @name type: (type) @type)) (#set! fact "parameter"))
((parameters (list_splat_pattern (identifier) @name)) (#set! fact "parameter"))
((parameters (dictionary_splat_pattern (identifier) @name)) (#set! fact "parameter"))

; Types in a docstring, `:type rows: List[int]`.
((function_definition body: (block . (expression_statement (string) @whole))) (#set! fact "docstring"))
