; What variables hold and how they move.

((let_declaration) @left @whole (#set! fact "declare"))
((const_item) @left @whole (#set! fact "declare"))
((static_item) @left @whole (#set! fact "declare"))
((struct_item body: (field_declaration_list (field_declaration name: (_) @left @whole type: (_) @type))) (#set! fact "declare"))

((assignment_expression left: (_) @left right: (_) @right) @whole (#set! fact "assign"))
((compound_assignment_expr left: (_) @left operator: _ @operator right: (_) @right) @whole (#set! fact "update"))

((call_expression function: (field_expression field: (field_identifier) @_name) arguments: (arguments (_))) @whole
  (#any-of? @_name "contains" "contains_key")
  (#set! fact "membership") (#set! kind "call"))
