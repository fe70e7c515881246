((parameter_list (optional_parameter_declaration type: (_) @type declarator: (_) @name)) (#set! fact "parameter"))
