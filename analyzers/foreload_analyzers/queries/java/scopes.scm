; What encloses other things: functions, classes, branches.

((method_declaration name: (identifier) @name body: (block)) @whole (#set! fact "function"))
((constructor_declaration name: (identifier) @name) @whole (#set! fact "function"))
((compact_constructor_declaration name: (identifier) @name) @whole (#set! fact "function"))

((method_declaration (modifiers [(marker_annotation name: (_) @value) (annotation name: (_) @value)])) @whole
  (#not-any-of? @value "Override" "Deprecated" "SuppressWarnings" "Nullable" "NonNull" "NotNull" "SafeVarargs" "Inject"
    "Autowired" "VisibleForTesting" "GuardedBy" "CheckReturnValue" "CanIgnoreReturnValue" "JsonIgnore" "JsonProperty")
  (#set! fact "decorator"))

((class_declaration name: (identifier) @name) @whole (#set! fact "class"))
((enum_declaration name: (identifier) @name) @whole (#set! fact "class"))
((record_declaration name: (identifier) @name) @whole (#set! fact "class"))

((if_statement consequence: (_) @whole) (#set! fact "branch"))
((if_statement alternative: [(block) (expression_statement) (return_statement)] @whole) (#set! fact "branch"))
((switch_block_statement_group) @whole (#set! fact "branch"))
((switch_rule) @whole (#set! fact "branch"))

((catch_clause) @whole (#set! fact "rare"))
((throw_statement) @whole (#set! fact "rare"))
