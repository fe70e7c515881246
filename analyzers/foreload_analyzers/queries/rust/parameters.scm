((parameters (parameter pattern: (_) @name type: (_) @type)) (#set! fact "parameter"))
((closure_parameters (parameter pattern: (_) @name type: (_) @type)) (#set! fact "parameter"))
((closure_parameters (identifier) @name) (#set! fact "parameter"))
