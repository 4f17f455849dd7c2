using System.Globalization;

namespace Attune.Recipes.Running;

/// <summary>A person's answers, kept the moment they are given: whoever stops half-way is not asked the same again.</summary>
internal sealed class AnswerJournal
{
    private readonly Dictionary<int, Answer> _answers = [];
    private readonly string _path;

    public AnswerJournal(string path)
    {
        _path = path;
        foreach (var line in File.Exists(path) ? File.ReadAllLines(path) : [])
        {
            // "17 first"; a half-written last line is asked again.
            var parts = line.Split(' ');
            if (parts.Length == 2 && int.TryParse(parts[0], out var index) && Enum.TryParse<Answer>(parts[1], out var answer) && Enum.IsDefined(answer))
            {
                _answers[index] = answer;
            }
        }
    }

    public Answer? Find(int index) => _answers.TryGetValue(index, out var answer) ? answer : null;

    public Answer Add(int index, Answer answer)
    {
        if (answer != Answer.Enough)
        {
            File.AppendAllText(_path, string.Create(CultureInfo.InvariantCulture, $"{index} {answer}\n"));
            _answers[index] = answer;
        }

        return answer;
    }
}
