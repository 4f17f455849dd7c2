using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;

namespace Attune.Data.Sources;

/// <summary>The records of a table of texts (RFC 4180): cells may be quoted, and then hold separators and line breaks.</summary>
internal sealed class CsvRecords(string text, char separator) : IDisposable
{
    private readonly CsvParser _parser = new CsvParser(
        new StringReader(text),
        new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            Delimiter = separator.ToString(),
            // A quote within an unquoted cell is a letter like others.
            BadDataFound = null,
            IgnoreBlankLines = true,
        }
    );

    /// <summary>Each record's first line, counted from 1, and its cells; whether the text ends within its quotes.</summary>
    public IEnumerable<(int Line, string[] Cells, bool Open)> Read()
    {
        var before = 0;
        while (_parser.Read())
        {
            var raw = _parser.RawRecord;
            var blank = raw.TakeWhile(c => c is '\r' or '\n').Count(c => c == '\n');
            yield return (before + blank + 1, _parser.Record!, Open(raw));
            before = _parser.RawRow;
        }
    }

    public void Dispose() => _parser.Dispose();

    /// <summary>Whether a record ends within a quoted cell. A quote opens a cell only where the cell begins.</summary>
    private bool Open(string raw)
    {
        var (quoted, begins) = (false, true);
        for (var i = 0; i < raw.Length; i++)
        {
            if (quoted)
            {
                var doubled = raw[i] == '"' && i + 1 < raw.Length && raw[i + 1] == '"';
                (quoted, i) = doubled ? (true, i + 1) : (raw[i] != '"', i);
            }
            else
            {
                (quoted, begins) = (begins && raw[i] == '"', raw[i] == separator || (begins && raw[i] is '\r' or '\n'));
            }
        }

        return quoted;
    }
}
