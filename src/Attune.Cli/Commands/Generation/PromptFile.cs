using System.Collections.Immutable;
using System.CommandLine;
using Attune.Cli.Screens;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Data;
using Attune.Data.Encoding;
using Attune.Data.Formats;
using Attune.Data.Sources;
using Attune.Models.Decoding;
using Spectre.Console;

namespace Attune.Cli.Commands.Generation;

/// <summary>
/// From a file of prompts to a file of answers: rows {prompt, completion} that can be inspected, judged and trained on, each with the
/// number of its prompt, why it ended, and its score where there is a reward.
/// </summary>
/// <param name="sampling">For a prompt of so many tokens: where nobody named a longest answer, what the context leaves may be less.</param>
/// <param name="each">Of so many answers, the one with the highest reward is kept.</param>
/// <param name="count">Answers kept for a prompt.</param>
internal sealed class PromptFile(
    IDecoder engine,
    Encoder encoder,
    Func<int, SamplingOptions> sampling,
    ScoringReward? reward,
    int count,
    int each
)
{
    private const int PromptsAtOnce = 64;

    public static Option<string?> Prompts { get; } =
        new("--prompts") { Description = "data file with prompts, in place of --prompt; the answers go to --out", HelpName = "FILE" };

    public static Option<string?> Columns { get; } = Arguments.Columns();

    public static Option<string?> Out { get; } =
        new("--out") { Description = "with --prompts, file for the answers (.jsonl, .json, .gz)", HelpName = "FILE" };

    public static Option<bool> Force { get; } = OutputFile.Force();

    /// <summary>The prompts of the file; texts too, which are then continued.</summary>
    /// <param name="chat">Whether plain prompts are users' messages.</param>
    /// <param name="system">Stands before conversations that have no system message; null for none.</param>
    public static ImmutableArray<Prompt> Read(string path, ColumnMap? map, bool chat, string? system)
    {
        var texts = DatasetFile.Kinds(path, map)[0] == DatasetKind.LanguageModeling && DatasetFile.HoldsTexts(path, map);
        var prompts = texts
            ? DatasetFile.Read<Document>(path, map).Items.Select(d => (Prompt)new Prompt.Text(d.Text))
            : DatasetFile.Read<Prompt>(path, map).Items;
        return [.. prompts.Select(p => Asked(p, chat, system))];
    }

    private static Prompt Asked(Prompt prompt, bool chat, string? system)
    {
        ImmutableArray<Message> messages = prompt switch
        {
            Prompt.Chat given => given.Messages,
            Prompt.Text text when chat => [new Message(Role.User, text.Value)],
            _ => [],
        };
        return messages.IsEmpty ? prompt
            : system is null || messages[0].Role == Role.System ? new Prompt.Chat(messages) { Columns = prompt.Columns }
            : new Prompt.Chat([new Message(Role.System, system), .. messages]) { Columns = prompt.Columns };
    }

    /// <summary>Answers all prompts and writes the file whole, or not at all.</summary>
    public async Task AnswerAsync(ImmutableArray<Prompt> prompts, string path, Seed seed, int context, CancellationToken cancel)
    {
        var rows = new List<byte[]>();
        var (without, shortened) = (0, 0);
        await ProgressScreen.WatchAsync(async screen =>
        {
            for (var start = 0; start < prompts.Length; start += PromptsAtOnce)
            {
                var end = Math.Min(prompts.Length, start + PromptsAtOnce);
                var fitting = Fitting(prompts, start, end, context);
                without += end - start - fitting.Length;
                shortened += fitting.Count(p => p.Sampling.MaxNewTokens < sampling(0).MaxNewTokens);
                var answered = new SortedDictionary<int, List<byte[]>>();
                // Together where their answers may be of one length.
                foreach (var alike in fitting.GroupBy(p => p.Sampling.MaxNewTokens))
                {
                    await foreach (var (row, line) in AnswerAsync(prompts, [.. alike], seed, cancel))
                    {
                        (answered.TryGetValue(row, out var lines) ? lines : answered[row] = []).Add(line);
                    }
                }

                rows.AddRange(answered.Values.SelectMany(lines => lines));
                screen.Report("prompts", end, prompts.Length, $"{rows.Count} answers");
            }

            return rows.Count;
        });
        Tell(without, shortened, context);
        if (rows.Count == 0)
        {
            throw new DataException(
                $"no prompt has room for an answer: the model reads {context} tokens. Give shorter prompts or a smaller --max-tokens."
            );
        }

        RowFile.Write(path, rows);
        Console.Out.WriteLine($"{path}: {rows.Count} answers to {prompts.Length - without} prompts");
    }

    private (int Row, ImmutableArray<int> Tokens, SamplingOptions Sampling)[] Fitting(
        ImmutableArray<Prompt> prompts,
        int start,
        int end,
        int context
    ) =>
        [
            .. Enumerable
                .Range(start, end - start)
                .Select(i => (Row: i, Tokens: encoder.EncodePrompt(prompts[i])))
                .Select(p => (p.Row, p.Tokens, Sampling: sampling(p.Tokens.Length)))
                .Where(p => p.Tokens.Length + p.Sampling.MaxNewTokens <= context),
        ];

    private void Tell(int without, int shortened, int context)
    {
        if (without > 0)
        {
            Terminal.Messages.MarkupLineInterpolated(
                $"[yellow]{without} prompts left out: with {Room(context)} new tokens they are longer than the model's {context}[/]"
            );
        }

        if (shortened > 0)
        {
            Terminal.Messages.MarkupLineInterpolated(
                $"[yellow]{shortened} prompts leave less than {Room(0)} tokens of the model's {context}; their answers end there[/]"
            );
        }

        int Room(int length) => sampling(length).MaxNewTokens;
    }

    /// <param name="asked">Prompts whose answers are sampled alike.</param>
    private async IAsyncEnumerable<(int Row, byte[] Line)> AnswerAsync(
        ImmutableArray<Prompt> prompts,
        (int Row, ImmutableArray<int> Tokens, SamplingOptions Sampling)[] asked,
        Seed seed,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel
    )
    {
        SampleRequest[] requests =
        [
            .. asked.SelectMany(p =>
                Enumerable
                    .Range(0, count * each)
                    .Select(i => new SampleRequest(p.Tokens, seed.For("generate", (long)p.Row * count * each + i))
                    {
                        Columns = prompts[p.Row].Columns,
                    })
            ),
        ];
        var rollouts = requests.Length == 0 ? [] : engine.Sample(requests, asked[0].Sampling, 0, null, cancel);
        for (var i = 0; i < rollouts.Count; i += each)
        {
            Rollout[] group = [.. rollouts.Skip(i).Take(each)];
            var scores = reward is null ? null : await reward.ScoreAsync(group, cancel);
            var best = scores is null ? 0 : ScoringReward.Best(scores);
            var row = asked[i / (count * each)].Row;
            yield return (row, Row(prompts[row], row, group[best], scores?[best]));
        }
    }

    private byte[] Row(Prompt prompt, int row, Rollout rollout, Score? score)
    {
        var answer = rollout.Sequence.Answer;
        var ended = rollout.Stop == StopReason.EndToken;
        // The end token has no text. Behind an empty prompt the answer is a text of its own.
        var text = prompt is Prompt.Text { Value.Length: 0 }
            ? encoder.Tokenizer.Decode(answer)
            : encoder.Tokenizer.DecodeContinuation(answer);
        var fields = DatasetFile.Fields(new Demonstration(prompt, text) { Cut = CutAnswers.Of([rollout.Stop == StopReason.Length]) });
        fields["row"] = row + 1;
        fields["tokens"] = answer.Length - (ended ? 1 : 0);
        fields["stop"] = rollout.Stop.ToString();
        if (score is not null)
        {
            fields["score"] = score.Total;
        }

        return System.Text.Encoding.UTF8.GetBytes(fields.ToJsonString(JsonOutput.Nodes));
    }
}
