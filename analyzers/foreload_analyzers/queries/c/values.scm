((declaration type: [(type_identifier) (struct_specifier) (enum_specifier) (union_specifier)] @type declarator: (_) @left @whole)
  (#set! fact "declare"))
