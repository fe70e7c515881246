; What variables hold and how they move.

((declaration type: [(primitive_type) (sized_type_specifier)] @type declarator: (_) @left @whole) (#set! fact "declare"))
((field_declaration type: (_) @type declarator: (_) @left @whole) (#set! fact "declare"))

((assignment_expression left: (_) @left operator: "=" right: (_) @right) @whole (#set! fact "assign"))
((assignment_expression left: (_) @left operator: _ @operator right: (_) @right) @whole
  (#not-eq? @operator "=") (#set! fact "update"))
((update_expression argument: (_) @left) @whole (#set! fact "step"))

((call_expression function: (identifier) @_name) @whole
  (#any-of? @_name "scanf" "scanf_s") (#set! fact "read"))

((preproc_def name: (identifier) @left value: (preproc_arg) @right) @whole (#set! fact "define"))
