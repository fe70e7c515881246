; What encloses other things: functions, types with methods, branches.

((function_item name: (_) @name) @whole (#set! fact "function"))
((let_declaration pattern: (identifier) @name value: (closure_expression)) @whole (#set! fact "function"))
((function_item (function_modifiers "async")) @whole (#set! fact "async"))

((attribute_item (attribute [(identifier) (scoped_identifier)] @value)) . (function_item) @whole
  (#any-of? @value "test" "bench" "main" "tokio::main" "tokio::test" "async_std::main" "actix_web::main" "get" "post" "put"
    "delete" "command" "no_mangle")
  (#set! fact "decorator"))

((impl_item type: (_) @name) @whole (#set! fact "class"))

((if_expression consequence: (_) @whole) (#set! fact "branch"))
((else_clause (block)) @whole (#set! fact "branch"))
((match_arm) @whole (#set! fact "branch"))
((macro_invocation macro: (identifier) @_name) @whole
  (#any-of? @_name "panic" "unreachable" "todo" "unimplemented") (#set! fact "rare"))
