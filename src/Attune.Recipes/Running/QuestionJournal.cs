using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Files;
using Attune.Methods.Policy.Online;

namespace Attune.Recipes.Running;

/// <summary>
/// What was asked and what was answered, kept the moment it happens: a run that was killed while it waited asks the same questions again,
/// and none whose answer had come.
/// </summary>
internal sealed class QuestionJournal : IQuestionJournal
{
    public const string QuestionsFile = "questions.jsonl";
    public const string RepliesFile = "replies.jsonl";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly Dictionary<int, ImmutableArray<Question>> _asked = [];
    private readonly Dictionary<string, Reply> _replies = [];
    private readonly HashSet<int> _closed = [];
    private readonly string _questionsPath;
    private readonly string _repliesPath;

    public QuestionJournal(string folder)
    {
        (_questionsPath, _repliesPath) = (Path.Combine(folder, QuestionsFile), Path.Combine(folder, RepliesFile));
        foreach (var line in Lines<AskedLine>(_questionsPath))
        {
            _asked[line.Round] = [.. line.Questions.Select(q => q.ToQuestion())];
        }

        foreach (var line in Lines<ReplyLine>(_repliesPath))
        {
            if (line.Closed is { } round)
            {
                _closed.Add(round);
            }
            else if (line.Id is { } id)
            {
                _replies[id] = new Reply(id, line.Best, line.Annotator);
            }
        }
    }

    /// <inheritdoc/>
    public IEnumerable<(Question Question, Reply Reply)> Labels(int lastRefresh) =>
        from round in _asked.Keys.Where(r => r <= lastRefresh).Order()
        from question in _asked[round]
        where _replies.TryGetValue(question.Id, out var reply) && reply.Best is not null
        select (question, _replies[question.Id]);

    /// <inheritdoc/>
    public ImmutableArray<Question>? Asked(int refresh) => _asked.TryGetValue(refresh, out var questions) ? questions : null;

    /// <inheritdoc/>
    public bool IsClosed(int refresh) => _closed.Contains(refresh);

    public Reply? ReplyTo(string question) => _replies.GetValueOrDefault(question);

    public void Ask(int refresh, ImmutableArray<Question> questions)
    {
        Append(_questionsPath, new AskedLine(refresh, [.. questions.Select(QuestionLine.Of)]));
        _asked[refresh] = questions;
    }

    public void Add(Reply reply)
    {
        Append(_repliesPath, new ReplyLine(reply.QuestionId, reply.Best, reply.Annotator, null));
        _replies[reply.QuestionId] = reply;
    }

    public void Close(int refresh)
    {
        Append(_repliesPath, new ReplyLine(null, null, null, refresh));
        _closed.Add(refresh);
    }

    private static void Append<T>(string path, T line) => File.AppendAllText(path, JsonSerializer.Serialize(line, Json) + "\n");

    private static T[] Lines<T>(string path)
    {
        var text = File.Exists(path) ? File.ReadAllText(path) : "";
        // A half-written last line is taken away: what it was about is asked again.
        var whole = text[..(text.LastIndexOf('\n') + 1)];
        if (whole.Length < text.Length)
        {
            AtomicFile.WriteText(path, whole);
        }

        return [.. whole.Split('\n')[..^1].Select((line, i) => Read<T>(path, line, i + 1))];
    }

    private static T Read<T>(string path, string line, int number)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(line, Json) ?? throw new JsonException("null");
        }
        catch (Exception problem) when (problem is JsonException or NotSupportedException)
        {
            throw new DataException(
                $"{path}, line {number} is damaged: {problem.Message.TrimEnd('.')}. Delete the line to be asked again."
            );
        }
    }

    private sealed record AskedLine(int Round, QuestionLine[] Questions);

    private sealed record ReplyLine(string? Id, int? Best, string? Annotator, int? Closed);

    /// <summary>A prompt is a text, or the turns of a conversation.</summary>
    private sealed record QuestionLine(string Id, string? Prompt, Message[]? Messages, string[] Answers, long PolicyVersion, int[]? Cut)
    {
        public static QuestionLine Of(Question question) =>
            new(
                question.Id,
                (question.Prompt as Core.Conversations.Prompt.Text)?.Value,
                (question.Prompt as Core.Conversations.Prompt.Chat)?.Messages.ToArray(),
                [.. question.Answers],
                question.PolicyVersion,
                question.Cut.IsEmpty ? null : [.. question.Cut.Positions]
            );

        public Question ToQuestion() =>
            new(
                Id,
                Messages is null ? new Core.Conversations.Prompt.Text(Prompt ?? "") : new Core.Conversations.Prompt.Chat([.. Messages]),
                [.. Answers],
                PolicyVersion
            )
            {
                Cut = CutAnswers.At(Cut ?? []),
            };
    }
}
