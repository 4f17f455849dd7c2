using System.Text.Unicode;
using Attune.Core;

namespace Attune.Data.Formats;

/// <summary>
/// Documents in a plain text file: between lines that say &lt;|endoftext|&gt; where there are any; else between blank lines where there
/// are any; else one on each line.
/// </summary>
internal static class PlainText
{
    private const string Separator = "<|endoftext|>";

    public static LoadedData<T> Read<T>(string path, DataBytes bytes)
    {
        if (typeof(T) != typeof(Document))
        {
            throw new DataException(
                $"{path}: a plain text file holds documents for language modelling; expected a .jsonl or .json file with "
                    + $"{RowFormats.Describe(RowFormats.For<T>().Kind)}."
            );
        }
        if (!Utf8.IsValid(bytes.Content))
        {
            throw new DataException($"{path}: found bytes that are not UTF-8; expected the file to be saved as UTF-8.");
        }
        var lines = System.Text.Encoding.UTF8.GetString(bytes.Content).ReplaceLineEndings("\n").Trim('\n').Split('\n');
        var (documents, note) =
            lines.Any(l => l.Trim() == Separator)
                ? (Between(lines, l => l.Trim() == Separator), $"documents lie between lines that say {Separator}")
            : lines.Any(string.IsNullOrWhiteSpace) ? (Between(lines, string.IsNullOrWhiteSpace), "documents lie between blank lines")
            : (lines.ToList(), "each line is a document");
        if (documents.All(string.IsNullOrWhiteSpace))
        {
            throw new DataException($"{path}: the file is empty; expected text.");
        }
        return new LoadedData<T>([.. documents.Where(d => d.Length > 0).Select(d => (T)(object)new Document(d))], [], [note], bytes.Sha256);
    }

    private static List<string> Between(string[] lines, Func<string, bool> separates)
    {
        var documents = new List<string>();
        var current = new List<string>();
        foreach (var line in lines.Append(Separator))
        {
            if (!separates(line) && line != Separator)
            {
                current.Add(line);
                continue;
            }

            documents.Add(string.Join('\n', current).Trim('\n'));
            current.Clear();
        }

        return documents;
    }
}
