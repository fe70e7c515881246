; What variables hold and how they move.

((short_var_declaration left: (_) @left right: (_) @right) @whole (#set! fact "assign"))
((var_spec) @left @whole (#set! fact "declare"))
((const_spec) @left @whole (#set! fact "declare"))

((assignment_statement left: (_) @left operator: "=" right: (_) @right) @whole (#set! fact "assign"))
((assignment_statement left: (_) @left operator: _ @operator right: (_) @right) @whole
  (#not-eq? @operator "=") (#set! fact "update"))
((inc_statement (_) @left) @whole (#set! fact "step"))
((dec_statement (_) @left) @whole (#set! fact "step"))
