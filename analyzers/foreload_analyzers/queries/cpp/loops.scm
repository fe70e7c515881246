((for_range_loop declarator: (_) @target right: (_) @over body: (_) @body) @whole (#set! fact "loop") (#set! kind "for"))
