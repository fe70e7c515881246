((parameter_list (parameter_declaration type: (_) @type declarator: (_) @name)) (#set! fact "parameter"))
