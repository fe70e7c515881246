; What encloses other things: functions, branches. The type of its receiver is a method's class.

((function_declaration name: (_) @name) @whole (#set! fact "function"))
((method_declaration receiver: (parameter_list (parameter_declaration type: (_) @owner)) name: (_) @name) @whole
  (#set! fact "function"))
((short_var_declaration left: (expression_list . (identifier) @name .) right: (expression_list . (func_literal) .)) @whole
  (#set! fact "function"))
((assignment_statement left: (expression_list . (identifier) @name .) right: (expression_list . (func_literal) .)) @whole
  (#set! fact "function"))

((if_statement consequence: (_) @whole) (#set! fact "branch"))
((if_statement alternative: (block) @whole) (#set! fact "branch"))
((expression_case) @whole (#set! fact "branch"))
((default_case) @whole (#set! fact "branch"))
((type_case) @whole (#set! fact "branch"))
((communication_case) @whole (#set! fact "branch"))

; Error handling.
((if_statement condition: (binary_expression left: (identifier) @_name right: (nil)) consequence: (_) @whole)
  (#eq? @_name "err") (#set! fact "rare"))
