; What variables hold and how they move.

; A variable of a class is made by its declaration alone.
((declaration type: [(template_type) (type_identifier) (qualified_identifier)] @type declarator: (_) @left @whole)
  (#set! fact "declare") (#set! kind "makes"))
((declaration type: [(primitive_type) (sized_type_specifier) (placeholder_type_specifier)] @type declarator: (_) @left @whole)
  (#set! fact "declare"))
((field_declaration type: (_) @type declarator: (_) @left @whole) (#set! fact "declare"))
((for_range_loop type: (_) @type declarator: (_) @left @whole) (#set! fact "declare"))
((field_declaration declarator: (_) @left default_value: (_) @right) @whole (#set! fact "assign"))

((assignment_expression left: (_) @left operator: "=" right: (_) @right) @whole (#set! fact "assign"))
((assignment_expression left: (_) @left operator: _ @operator right: (_) @right) @whole
  (#not-eq? @operator "=") (#set! fact "update"))
((update_expression argument: (_) @left) @whole (#set! fact "step"))

((binary_expression operator: ">>" right: (_)) @whole (#set! fact "read"))
((call_expression function: (identifier) @_name) @whole
  (#any-of? @_name "scanf" "scanf_s") (#set! fact "read"))
((binary_expression left: (identifier) @name operator: "<<") @whole
  (#any-of? @name "cout" "cerr") (#set! fact "write"))
((binary_expression left: (qualified_identifier) @name operator: "<<") @whole
  (#any-of? @name "std::cout" "std::cerr") (#set! fact "write"))

((call_expression function: (field_expression field: (field_identifier) @_name) arguments: (argument_list (_))) @whole
  (#any-of? @_name "count" "contains" "find")
  (#set! fact "membership") (#set! kind "call"))
((call_expression function: (field_expression field: (field_identifier) @_name) arguments: (argument_list (_))) @whole
  (#eq? @_name "substr")
  (#set! fact "slice") (#set! kind "count"))
