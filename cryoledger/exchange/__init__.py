"""What comes from other programs and goes to them: a laboratory's inventory as a table.

    report = survey -> rows -> custody.imports          `import_inventory` puts these together
    export_inventory                                     the way out, safe to open in any spreadsheet

- `tables` opens delimited text of any usual encoding and delimiter, `workbook` XLSX; both give rows of text.
- `column_map` is what a person says of a file; `headers` guesses its columns, `look` and `survey` the rest: order of
  dates, decimal mark, size of the boxes. What is ambiguous is asked, never guessed.
- `dates`, `amounts`, `tissues`, `places` and `texts` read single cells; `lots` and `rows` put them together.
- `formulas` keeps a spreadsheet from calculating what is text.
"""
