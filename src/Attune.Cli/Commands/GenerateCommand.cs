using System.CommandLine;
using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Models;
using Attune.Models.Decoding;
using Attune.Numerics.Kernels;
using Attune.Recipes.Sources;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;

namespace Attune.Cli.Commands;

/// <summary><c>attune generate</c></summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        var model = Arguments.Model();
        var prompt = new Option<string>("--prompt") { Description = "text to continue", HelpName = "TEXT", DefaultValueFactory = _ => "" };
        var greedy = new Option<bool>("--greedy") { Description = "always take the likeliest token" };
        var length = new Option<int>("--max-tokens") { Description = "longest continuation, tokens", HelpName = "N", DefaultValueFactory = _ => 128 };
        var temperature = new Option<double>("--temperature") { Description = "below 1 bolder, above 1 wilder", HelpName = "NUMBER", DefaultValueFactory = _ => 1 };
        var topK = new Option<int>("--top-k") { Description = "keep the k likeliest tokens; 0 for all", HelpName = "N" };
        var topP = new Option<double>("--top-p") { Description = "keep the likeliest tokens that together reach this probability", HelpName = "NUMBER", DefaultValueFactory = _ => 1 };
        var minP = new Option<double>("--min-p") { Description = "keep tokens at least this fraction as likely as the likeliest", HelpName = "NUMBER" };
        var stop = new Option<string[]>("--stop") { Description = "text that ends the continuation; may be given several times", HelpName = "TEXT", AllowMultipleArgumentsPerToken = false };
        var type = new Option<string>("--type") { Description = "what the engine multiplies in: f32 (exact) or bf16 (twice as fast)", HelpName = "f32|bf16", DefaultValueFactory = _ => "f32" };
        type.AcceptOnlyFromAmong("f32", "bf16");
        var count = new Option<int>("--count") { Description = "continuations to draw", HelpName = "N", DefaultValueFactory = _ => 1 };
        var (seed, json) = (Arguments.Seed(), Arguments.Json("one JSON object a continuation: text, tokens, log_probs, stop"));
        var command = new Command("generate", "Continue a text.\n\nExample: attune generate --model embedded --prompt \"Title: Night Ferry\" --max-tokens 60")
        {
            model, prompt, greedy, length, temperature, topK, topP, minP, stop, type, count, seed, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(count) is { } given && given.GetValueOrDefault<int>() < 1)
            {
                result.AddError($"--count is {given.GetValueOrDefault<int>()}; expected at least 1.");
            }
        });
        command.SetAction((parsed, cancel) =>
        {
            NativeSetup.LoadTorch();
            var folder = EmbeddedModel.Resolve(parsed.GetValue(model)!);
            var tokenizer = ModelTokenizer.Load(folder);
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
            var start = new Encoder(tokenizer, ChatTemplates.ChatMl).EncodePrompt(new Prompt.Text(parsed.GetValue(prompt)!));
            using var engine = new DecodeEngine(language, tokenizer.DecodeContinuation, type: Enum.Parse<KernelType>(parsed.GetValue(type)!, ignoreCase: true));
            SampleRequest[] requests = [.. Enumerable.Range(0, parsed.GetValue(count)).Select(i => new SampleRequest(start, new Seed(parsed.GetValue(seed)).For("generate", i)))];
            foreach (var rollout in engine.Sample(requests, options, 0, null, cancel))
            {
                Print(parsed.GetValue(json), parsed.GetValue(prompt)!, tokenizer, rollout);
            }

            return Task.FromResult(0);
        });
        return command;
    }

    private static void Print(bool json, string prompt, ITokenizer tokenizer, Rollout rollout)
    {
        // With nothing before it, the answer is a text of its own: no space stands before its first word.
        var text = prompt.Length == 0 ? tokenizer.Decode(rollout.Sequence.Answer) : tokenizer.DecodeContinuation(rollout.Sequence.Answer);
        Console.Out.WriteLine(json
            ? JsonSerializer.Serialize(new { text, tokens = rollout.Sequence.Answer.ToArray(), log_probs = rollout.LogProbs.ToArray(), stop = rollout.Stop.ToString() }, Output.Json)
            : prompt + text);
    }
}
