((formal_parameters (formal_parameter type: (_) @type name: (identifier) @name)) (#set! fact "parameter"))
((formal_parameters (spread_parameter (_) @type (variable_declarator name: (identifier) @name))) (#set! fact "parameter"))
