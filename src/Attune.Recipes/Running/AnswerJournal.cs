using System.Globalization;
using Attune.Core;

namespace Attune.Recipes.Running;

/// <summary>A person's answers, kept the moment they are given: whoever stops half-way is not asked the same again.</summary>
internal sealed class AnswerJournal
{
    public const string FileName = "answers.txt";

    private readonly Dictionary<int, Answer> _answers = [];
    private readonly string _path;

    public AnswerJournal(string folder)
    {
        _path = Path.Combine(folder, FileName);
        var text = File.Exists(_path) ? File.ReadAllText(_path) : "";
        // Lines such as "17 First"; a half-written last one is taken away, and its question asked again.
        var whole = text[..(text.LastIndexOf('\n') + 1)];
        if (whole.Length < text.Length)
        {
            Core.Files.AtomicFile.WriteText(_path, whole);
        }

        foreach (var (line, number) in whole.Split('\n')[..^1].Select((line, i) => (line, i + 1)))
        {
            var parts = line.Split(' ');
            _answers[Index(parts, number)] = Enum.Parse<Answer>(parts[1]);
        }
    }

    public Answer? Find(int index) => _answers.TryGetValue(index, out var answer) ? answer : null;

    public Answer Add(int index, Answer answer)
    {
        File.AppendAllText(_path, string.Create(CultureInfo.InvariantCulture, $"{index} {answer}\n"));
        _answers[index] = answer;
        return answer;
    }

    private int Index(string[] parts, int line) =>
        parts.Length == 2
        && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var index)
        && Enum.GetNames<Answer>().Contains(parts[1])
            ? index
            : throw new DataException(
                $"{_path}, line {line}: '{string.Join(' ', parts)}' is not an answer; expected a number and "
                    + $"{string.Join(", ", Enum.GetNames<Answer>())}. Delete the line to be asked again."
            );
}
