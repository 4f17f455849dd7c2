using System.Collections.Immutable;
using System.Globalization;
using Attune.Control.Environments;
using Attune.Control.Preferences;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Reports.Control;

namespace Attune.Cli.Commands.Control;

/// <summary>
/// People in the annotation app compare the clips, as answers of a comparison: the same queue, roles and store. The run waits for them; a
/// run that was stopped asks the same questions again, and those that were answered meanwhile are answered.
/// </summary>
/// <param name="environment">that the clips are of</param>
internal sealed class StoreClipJudge(IFeedbackSource people, IEnvironment environment) : IClipJudge
{
    private const string Asked = "Which clip shows better behaviour?";

    public async ValueTask<IReadOnlyList<ClipAnswer>> AskAsync(IReadOnlyList<ClipQuestion> questions, CancellationToken cancel)
    {
        if (questions.Count == 0)
        {
            return [];
        }

        var byId = questions.ToDictionary(q => "clips/" + q.Number.ToString(CultureInfo.InvariantCulture));
        var asked = byId.Select(q => new Question(q.Key, new Prompt.Text(Asked), [Text(q.Value.Left), Text(q.Value.Right)], 0)).ToArray();
        List<ClipAnswer> answers = [];
        await foreach (var reply in people.AskAsync(asked, cancel))
        {
            var choice = reply.Best switch
            {
                0 => ClipChoice.Left,
                1 => ClipChoice.Right,
                _ when reply.IsTie => ClipChoice.Equal,
                _ => ClipChoice.CannotTell,
            };
            answers.Add(new ClipAnswer(byId[reply.QuestionId], choice));
        }

        return [.. answers.OrderBy(a => a.Question.Number)];
    }

    /// <summary>Without the environment's rewards: a person judges what is to be seen.</summary>
    private string Text(Clip clip) =>
        ClipText.Write(
            new ShownEpisode(
                environment.Name,
                environment.StepsPerSecond,
                [.. clip.Observations.Select(o => o.ToImmutableArray())],
                [.. clip.Actions.Select(a => a.ToImmutableArray())],
                []
            )
        );
}
