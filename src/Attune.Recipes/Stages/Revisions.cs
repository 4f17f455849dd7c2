using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Runs;
using Attune.Data.Judging;
using Attune.Recipes.Running;

namespace Attune.Recipes.Stages;

/// <summary>
/// The policy's answers, criticised and revised round by round (Bai et al. 2022, section 3.1). Records are written once, whole: a run that
/// goes on reads them instead of asking again.
/// </summary>
internal sealed class Revisions(ConstitutionalStage stage, Constitution constitution, StageContext context)
{
    public async Task<ImmutableArray<RevisionRecord>> MakeAsync(ImmutableArray<Prompt> prompts, CancellationToken cancel)
    {
        var path = Path.Combine(context.Folder, RevisionRecord.FileName);
        if (File.Exists(path))
        {
            var kept = RevisionRecord.Read(path);
            context.Screen.Note($"{kept.Length} answers were revised before: going on with them");
            return kept;
        }

        var answered = await new PolicyAnswers(context, 1, stage.Answers.Sampling, "answer").SampleAsync(prompts, prompts.Length, cancel);
        var records = answered.Select(a => new RevisionRecord(PromptOf(a.Prompt), a.Answers[0], [])).ToArray();
        var owned = new List<IDisposable>();
        try
        {
            var critic = stage.Critic.OpenCritic(context, constitution, owned);
            for (var round = 0; round < stage.Method.Rounds; round++)
            {
                records = await RoundAsync(critic, round, prompts, records, cancel);
            }
        }
        finally
        {
            owned.ForEach(o => o.Dispose());
        }

        RevisionRecord.Write(path, records);
        return [.. records];
    }

    private async Task<RevisionRecord[]> RoundAsync(
        ICritic critic,
        int round,
        ImmutableArray<Prompt> prompts,
        RevisionRecord[] records,
        CancellationToken cancel
    )
    {
        (int Index, Draft Draft)[] drawn =
        [
            .. records.SelectMany(
                (r, i) =>
                    constitution.Draw(PrincipleUse.Revision, prompts[i], context.Seed.For("principle", round, i)) is { } principle
                        ? new[] { (i, new Draft(prompts[i], r.Final, principle, context.Seed.For("critique", round, i))) }
                        : []
            ),
        ];
        var critiques = await critic.CritiqueAsync([.. drawn.Select(d => d.Draft)], Progress("criticising"), cancel);
        Draft[] criticised = [.. drawn.Select((d, i) => d.Draft with { Critique = critiques[i] })];
        var revisions = await critic.ReviseAsync(criticised, Progress("revising"), cancel);
        var next = records.ToArray();
        foreach (var (i, draft) in criticised.Index())
        {
            var index = drawn[i].Index;
            var revision = revisions[i].Trim().Length == 0 ? draft.Answer : Led(revisions[i], draft.Answer);
            next[index] = records[index] with
            {
                Rounds = records[index].Rounds.Add(new RevisionRound(draft.Principle.Id, draft.Critique, revision)),
            };
        }

        return next;

        ImmediateProgress Progress(string task) => new(n => context.Screen.Report($"{task}, round {round + 1}", n, drawn.Length, ""));
    }

    /// <summary>The blank with which an answer to a plain text begins is the policy's, not the critic's to leave out.</summary>
    private static string Led(string revision, string answer) =>
        answer.Length > 0 && answer[0] == ' ' && revision[0] != ' ' ? " " + revision : revision;

    private static string PromptOf(Prompt prompt) =>
        prompt is Prompt.Chat chat ? string.Join('\n', chat.Messages.Select(m => $"{m.Role}: {m.Content}")) : prompt.Key;
}
