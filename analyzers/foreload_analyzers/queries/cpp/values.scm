; A variable of a class is made by its declaration alone.
((declaration type: [(template_type) (type_identifier) (qualified_identifier)] @type declarator: (_) @left @whole)
  (#set! fact "declare") (#set! kind "makes"))
((declaration type: (placeholder_type_specifier) @type declarator: (_) @left @whole) (#set! fact "declare"))
((for_range_loop type: (_) @type declarator: (_) @left @whole) (#set! fact "declare"))
((field_declaration declarator: (_) @left default_value: (_) @right) @whole (#set! fact "assign"))

((binary_expression operator: ">>" right: (_)) @whole (#set! fact "read"))
((binary_expression left: [(identifier) (qualified_identifier)] @name operator: "<<") @whole
  (#any-of? @name "cout" "cerr" "std::cout" "std::cerr") (#set! fact "write"))

((call_expression function: (field_expression field: (field_identifier) @_name) arguments: (argument_list (_))) @whole
  (#any-of? @_name "count" "contains" "find")
  (#set! fact "membership") (#set! kind "call"))
((call_expression function: (field_expression field: (field_identifier) @_name) arguments: (argument_list (_))) @whole
  (#eq? @_name "substr")
  (#set! fact "slice") (#set! kind "count"))
