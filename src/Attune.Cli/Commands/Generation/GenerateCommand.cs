using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Attune.Cli.Native;
using Attune.Cli.Screens;
using Attune.Cli.Serving;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Models.Decoding;
using Attune.Models.Files;
using Attune.Recipes.Binding;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;
using Attune.Training.Tokens;
using Spectre.Console;

namespace Attune.Cli.Commands.Generation;

/// <summary><c>attune generate</c></summary>
internal static class GenerateCommand
{
    private static readonly Option<string> Model = Arguments.Model();
    private static readonly Option<string> PromptText = new("--prompt")
    {
        Description = "text to continue",
        HelpName = "TEXT",
        DefaultValueFactory = _ => "",
    };
    private static readonly Option<bool> Chat = new("--chat")
    {
        Description = "treat the prompt as a user's message, written in the model's chat template (ChatML if it has none)",
    };
    private static readonly Option<string?> SystemMessage = new("--system")
    {
        Description = "with --chat, the system message",
        HelpName = "TEXT",
    };
    private static readonly Option<string?> Template = Arguments.Template("with --chat, ");
    private static readonly SamplingArguments Sampling = new(longest: 128, "continuation");
    private static readonly Option<string> Type = Arguments.KernelType();
    private static readonly Option<int> Count = Arguments.Count("--count", "continuations to draw", 1);
    private static readonly Option<int> BestOf = Arguments.Count(
        "--best-of",
        "draw this many for each continuation and print the one with the highest reward; with --json all of them",
        1
    );
    private static readonly Option<ulong> Seed = Arguments.Seed();
    private static readonly Option<bool> Json = Arguments.Json(
        "print one JSON object a continuation: text, tokens, log_probs, stop; with --best-of also score, spread and best"
    );

    public static Command Create()
    {
        var command = new Command(
            "generate",
            "Continue a text, or answer a message.\n\n"
                + "Examples:\n"
                + "  attune generate --model embedded --prompt \"Title: Night Ferry\" --max-tokens 60\n"
                + "  attune generate --model runs/sft/final --prompt \"...\" --best-of 16 --reward-model runs/reward/final\n"
                + "  attune generate --model models/qwen --chat --system \"Be brief.\" --prompt \"Why is the sky blue?\"\n"
                + "  attune generate --model models/qwen --chat --prompts questions.csv --columns prompt=question --out answers.jsonl"
        );
        Option[] sampling = [.. Sampling.All, Type, Count, BestOf, Seed, Json];
        foreach (
            var option in (Option[])
                [
                    Model,
                    PromptText,
                    PromptFile.Prompts,
                    PromptFile.Columns,
                    PromptFile.Out,
                    PromptFile.Force,
                    Chat,
                    SystemMessage,
                    Template,
                    .. sampling,
                ]
        )
        {
            command.Add(option);
        }

        var reward = ScoringReward.Options();
        foreach (var (_, option) in reward)
        {
            command.Add(option);
        }

        command.RequireAtLeast(Count, 1);
        command.RequireAtLeast(BestOf, 1);
        command.SetAction((parsed, cancel) => GenerateAsync(parsed, reward, cancel));
        return command;
    }

    private static async Task<int> GenerateAsync(
        ParseResult parsed,
        ImmutableArray<(CommandLineOption Key, Option<string?> Option)> rewardOptions,
        CancellationToken cancel
    )
    {
        NativeSetup.LoadTorch();
        var folder = EmbeddedModel.Resolve(parsed.GetRequiredValue(Model));
        if (parsed.GetValue(Template) is not null && !parsed.GetValue(Chat))
        {
            throw new ConfigurationException("--template is for conversations: give --chat too.");
        }

        var text = ModelTokenizer.Load(folder, parsed.GetValue(Template));
        var encoder = new Encoder(text, lent => Terminal.Messages.MarkupLineInterpolated($"[yellow]{lent.LentNote}[/]"));
        var needed = parsed.GetValue(BestOf) > 1 ? "--best-of needs a reward to choose by" : null;
        using var reward = ScoringReward.Of(parsed, rewardOptions, needed, encoder);
        if (parsed.GetValue(PromptFile.Prompts) is { } file)
        {
            await AnswerAsync(parsed, folder, file, encoder, reward, cancel);
        }
        else
        {
            await ContinueAsync(parsed, folder, text, encoder, reward, cancel);
        }

        foreach (var note in reward?.Notes ?? [])
        {
            Terminal.Messages.MarkupLineInterpolated($"[yellow]{note}[/]");
        }

        return 0;
    }

    /// <summary>Answers to the prompts of a file, into a file.</summary>
    private static async Task AnswerAsync(
        ParseResult parsed,
        string folder,
        string file,
        Encoder encoder,
        ScoringReward? reward,
        CancellationToken cancel
    )
    {
        var path = parsed.GetValue(PromptFile.Out) ?? throw new ConfigurationException("--prompts needs --out, a file for the answers.");
        if (parsed.GetResult(PromptText) is { Implicit: false } || parsed.GetValue(Json))
        {
            throw new ConfigurationException(
                "--prompts takes the place of --prompt, and its answers are rows of JSON: leave --prompt and --json out."
            );
        }

        OutputFile.RequireNew(parsed.GetValue(PromptFile.Force), path);
        var prompts = PromptFile.Read(file, parsed.ColumnsOf(PromptFile.Columns), parsed.GetValue(Chat), parsed.GetValue(SystemMessage));
        var (type, blocks) = DecodingType.Of(parsed.GetRequiredValue(Type), folder);
        using var model = ModelFiles.LoadLanguageModel(folder);
        using var engine = Decoders.Loaded(model, encoder.Tokenizer.DecodeContinuation, type: type, blocks: blocks);
        var end = prompts is [var first, ..] ? encoder.EndOf(first) : encoder.Tokenizer.EndToken;
        var context = model.Config.ContextLength;
        var answers = new PromptFile(
            engine,
            encoder,
            length => Sampling.Fitted(parsed, end, length, context),
            reward,
            parsed.GetValue(Count),
            parsed.GetValue(BestOf)
        );
        await answers.AnswerAsync(prompts, path, new Seed(parsed.GetValue(Seed)), context, cancel);
    }

    private static async Task ContinueAsync(
        ParseResult parsed,
        string folder,
        ChatText text,
        Encoder encoder,
        ScoringReward? reward,
        CancellationToken cancel
    )
    {
        var prompt = ReadPrompt(parsed);
        foreach (var warning in prompt is Prompt.Chat ? text.Warnings : [])
        {
            Terminal.Messages.MarkupLineInterpolated($"[yellow]{warning}[/]");
        }

        var tokens = encoder.EncodePrompt(prompt);
        foreach (var group in Sample(parsed, folder, encoder.Tokenizer, tokens, cancel).Chunk(parsed.GetValue(BestOf)))
        {
            var scores = reward is null ? null : await reward.ScoreAsync(group, cancel);
            Print(parsed, prompt, text.Tokenizer, group, scores);
        }
    }

    private static IReadOnlyList<Rollout> Sample(
        ParseResult parsed,
        string folder,
        ITokenizer tokenizer,
        ImmutableArray<int> prompt,
        CancellationToken cancel
    )
    {
        var (type, blocks) = DecodingType.Of(parsed.GetRequiredValue(Type), folder);
        using var model = ModelFiles.LoadLanguageModel(folder);
        using var engine = Decoders.Loaded(model, tokenizer.DecodeContinuation, type: type, blocks: blocks);
        var options = Sampling.Fitted(parsed, tokenizer.EndToken, prompt.Length, model.Config.ContextLength);
        var seed = new Seed(parsed.GetValue(Seed));
        SampleRequest[] requests =
        [
            .. Enumerable
                .Range(0, parsed.GetValue(Count) * parsed.GetValue(BestOf))
                .Select(i => new SampleRequest(prompt, seed.For("generate", i))),
        ];
        return engine.Sample(requests, options, 0, null, cancel);
    }

    private static Prompt ReadPrompt(ParseResult parsed)
    {
        var (text, system) = (parsed.GetRequiredValue(PromptText), parsed.GetValue(SystemMessage));
        if (!parsed.GetValue(Chat))
        {
            return system is null
                ? new Prompt.Text(text)
                : throw new ConfigurationException("--system is for conversations: give --chat too.");
        }

        var question = new Message(Role.User, text);
        return new Prompt.Chat(system is null ? [question] : [new Message(Role.System, system), question]);
    }

    private static void Print(ParseResult parsed, Prompt prompt, ITokenizer tokenizer, Rollout[] rollouts, IReadOnlyList<Score>? scores)
    {
        var before = prompt is Prompt.Text ? parsed.GetRequiredValue(PromptText) : "";
        var best = scores is null ? 0 : ScoringReward.Best(scores);
        for (var i = 0; i < rollouts.Length; i++)
        {
            // With nothing before it, the answer is a text of its own: no space stands before its first word.
            var answer = rollouts[i].Sequence.Answer;
            var text = before.Length == 0 ? tokenizer.Decode(answer) : tokenizer.DecodeContinuation(answer);
            if (parsed.GetValue(Json))
            {
                Console.Out.WriteLine(AsJson(text, rollouts[i], scores?[i], i == best));
            }
            else if (i == best)
            {
                var score = scores is null ? "" : string.Create(CultureInfo.InvariantCulture, $"\n[score {scores[i].Total:0.000}]");
                Console.Out.WriteLine(before + text + score);
            }
        }
    }

    private static string AsJson(string text, Rollout rollout, Score? score, bool best)
    {
        var (tokens, logProbs, stop) = (rollout.Sequence.Answer.ToArray(), rollout.LogProbs.ToArray(), rollout.Stop.ToString());
        return score is null
            ? JsonOutput.Line(
                new
                {
                    text,
                    tokens,
                    log_probs = logProbs,
                    stop,
                }
            )
            : JsonOutput.Line(
                new
                {
                    text,
                    tokens,
                    log_probs = logProbs,
                    stop,
                    score = score.Total,
                    spread = score.Spread,
                    best,
                }
            );
    }
}
