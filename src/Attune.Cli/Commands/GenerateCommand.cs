using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Attune.Cli.Screens;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Kernels;
using Attune.Models.Decoding;
using Attune.Models.Files;
using Attune.Recipes.Sources;
using Attune.Text.Tokenizers;
using Attune.Training.Tokens;
using Spectre.Console;

namespace Attune.Cli.Commands;

/// <summary><c>attune generate</c></summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        var model = Arguments.Model();
        var prompt = new Option<string>("--prompt")
        {
            Description = "text to continue",
            HelpName = "TEXT",
            DefaultValueFactory = _ => "",
        };
        var chat = new Option<bool>("--chat")
        {
            Description = "the prompt is said by a user: written in the model's chat template (ChatML where it has none), and answered",
        };
        var system = new Option<string?>("--system") { Description = "with --chat, the system message before it", HelpName = "TEXT" };
        var template = Arguments.Template("with --chat, ");
        var greedy = new Option<bool>("--greedy") { Description = "always take the likeliest token" };
        var length = new Option<int>("--max-tokens")
        {
            Description = "longest continuation, tokens",
            HelpName = "N",
            DefaultValueFactory = _ => 128,
        };
        var temperature = new Option<double>("--temperature")
        {
            Description = "below 1 bolder, above 1 wilder",
            HelpName = "NUMBER",
            DefaultValueFactory = _ => 1,
        };
        var topK = new Option<int>("--top-k") { Description = "keep the k likeliest tokens; 0 for all", HelpName = "N" };
        var topP = new Option<double>("--top-p")
        {
            Description = "keep the likeliest tokens that together reach this probability",
            HelpName = "NUMBER",
            DefaultValueFactory = _ => 1,
        };
        var minP = new Option<double>("--min-p")
        {
            Description = "keep tokens at least this fraction as likely as the likeliest",
            HelpName = "NUMBER",
        };
        var stop = new Option<string[]>("--stop")
        {
            Description = "text that ends the continuation; may be given several times",
            HelpName = "TEXT",
            AllowMultipleArgumentsPerToken = false,
        };
        var type = new Option<string>("--type")
        {
            Description = "what the engine multiplies in: f32 (exact) or bf16 (twice as fast)",
            HelpName = "f32|bf16",
            DefaultValueFactory = _ => "f32",
        };
        type.AcceptOnlyFromAmong("f32", "bf16");
        var count = new Option<int>("--count")
        {
            Description = "continuations to draw",
            HelpName = "N",
            DefaultValueFactory = _ => 1,
        };
        var best = new Option<int>("--best-of")
        {
            Description = "draw this many for each continuation and print the one with the highest reward; with --json all of them",
            HelpName = "N",
            DefaultValueFactory = _ => 1,
        };
        var judge = BestOfChoice.Options();
        var (seed, json) = (
            Arguments.Seed(),
            Arguments.Json("one JSON object a continuation: text, tokens, log_probs, stop; with --best-of also score, spread and best")
        );
        var command = new Command(
            "generate",
            "Continue a text.\n\nExamples:\n  attune generate --model embedded --prompt \"Title: Night Ferry\" --max-tokens 60\n"
                + "  attune generate --model runs/sft/final --prompt \"...\" --best-of 16 --reward-model runs/reward/final\n"
                + "  attune generate --model models/qwen --chat --system \"Be brief.\" --prompt \"Why is the sky blue?\""
        )
        {
            model,
            prompt,
            chat,
            system,
            template,
            greedy,
            length,
            temperature,
            topK,
            topP,
            minP,
            stop,
            type,
            count,
            best,
            seed,
            json,
        };
        foreach (var (_, option) in judge)
        {
            command.Add(option);
        }

        command.Validators.Add(result =>
        {
            foreach (var number in new[] { count, best })
            {
                if (result.GetResult(number) is { } given && given.GetValueOrDefault<int>() < 1)
                {
                    result.AddError($"{number.Name} is {given.GetValueOrDefault<int>()}; expected at least 1.");
                }
            }
        });
        command.SetAction(
            async (parsed, cancel) =>
            {
                NativeSetup.LoadTorch();
                var folder = EmbeddedModel.Resolve(parsed.GetValue(model)!);
                if (parsed.GetValue(template) is not null && !parsed.GetValue(chat))
                {
                    throw new ConfigurationException("--template is for conversations: give --chat too.");
                }
                var words = ModelTokenizer.Load(folder, parsed.GetValue(template));
                var tokenizer = words.Tokenizer;
                var each = parsed.GetValue(best);
                var encoder = new Encoder(tokenizer, words.Template);
                using var choice = BestOfChoice.Of(parsed, judge, each, encoder);
                using var language = ModelFiles.LoadLanguageModel(folder);
                var options = new SamplingOptions
                {
                    Temperature = parsed.GetValue(greedy) ? 0 : parsed.GetValue(temperature),
                    TopK = parsed.GetValue(topK),
                    TopP = parsed.GetValue(topP),
                    MinP = parsed.GetValue(minP),
                    MaxNewTokens = parsed.GetValue(length),
                    EndToken = tokenizer.EndToken,
                    StopSequences = [.. parsed.GetValue(stop) ?? []],
                };
                var asked = Asked(parsed.GetValue(prompt)!, parsed.GetValue(chat), parsed.GetValue(system));
                foreach (var warning in asked is Prompt.Chat ? words.Warnings : [])
                {
                    Terminal.Messages.MarkupLineInterpolated($"[yellow]{warning}[/]");
                }

                var start = encoder.EncodePrompt(asked);
                using var engine = new DecodeEngine(
                    language,
                    tokenizer.DecodeContinuation,
                    type: Enum.Parse<KernelType>(parsed.GetValue(type)!, ignoreCase: true)
                );
                SampleRequest[] requests =
                [
                    .. Enumerable
                        .Range(0, parsed.GetValue(count) * each)
                        .Select(i => new SampleRequest(start, new Seed(parsed.GetValue(seed)).For("generate", i))),
                ];
                var rollouts = engine.Sample(requests, options, 0, null, cancel);
                foreach (var group in rollouts.Chunk(each))
                {
                    var scores = choice is null ? null : await choice.ScoreAsync(group, cancel);
                    var chosen = scores is null ? 0 : BestOfChoice.Best(scores);
                    for (var i = 0; i < group.Length; i++)
                    {
                        if (parsed.GetValue(json) || i == chosen)
                        {
                            Print(
                                parsed.GetValue(json),
                                asked is Prompt.Text ? parsed.GetValue(prompt)! : "",
                                tokenizer,
                                group[i],
                                scores?[i],
                                i == chosen
                            );
                        }
                    }
                }

                foreach (var note in choice?.Notes ?? [])
                {
                    Terminal.Messages.MarkupLineInterpolated($"[yellow]{note}[/]");
                }

                return 0;
            }
        );
        return command;
    }

    private static Prompt Asked(string prompt, bool isChat, string? system)
    {
        if (!isChat)
        {
            return system is null
                ? new Prompt.Text(prompt)
                : throw new ConfigurationException("--system is for conversations: give --chat too.");
        }

        var question = new Message(Role.User, prompt);
        return new Prompt.Chat(system is null ? [question] : [new Message(Role.System, system), question]);
    }

    private static void Print(bool json, string prompt, ITokenizer tokenizer, Rollout rollout, Score? score, bool best)
    {
        // With nothing before it, the answer is a text of its own: no space stands before its first word.
        var text = prompt.Length == 0 ? tokenizer.Decode(rollout.Sequence.Answer) : tokenizer.DecodeContinuation(rollout.Sequence.Answer);
        var (tokens, logProbs, stop) = (rollout.Sequence.Answer.ToArray(), rollout.LogProbs.ToArray(), rollout.Stop.ToString());
        Console.Out.WriteLine(
            (json, score) switch
            {
                (false, null) => prompt + text,
                (false, { } own) => string.Create(CultureInfo.InvariantCulture, $"{prompt}{text}\n[score {own.Total:0.000}]"),
                (true, null) => JsonSerializer.Serialize(
                    new
                    {
                        text,
                        tokens,
                        log_probs = logProbs,
                        stop,
                    },
                    Output.Json
                ),
                (true, { } own) => JsonSerializer.Serialize(
                    new
                    {
                        text,
                        tokens,
                        log_probs = logProbs,
                        stop,
                        score = own.Total,
                        spread = own.Spread,
                        best,
                    },
                    Output.Json
                ),
            }
        );
    }
}
