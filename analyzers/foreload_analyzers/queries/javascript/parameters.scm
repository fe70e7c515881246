((formal_parameters (identifier) @name) (#set! fact "parameter"))
((formal_parameters (assignment_pattern left: (identifier) @name)) (#set! fact "parameter"))
((formal_parameters (rest_pattern (identifier) @name)) (#set! fact "parameter"))
((arrow_function parameter: (identifier) @name) (#set! fact "parameter"))
