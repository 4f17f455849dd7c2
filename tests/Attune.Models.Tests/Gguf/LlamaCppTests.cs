using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Models.Decoding;
using Attune.Models.Files;
using Attune.Models.Gguf;
using Attune.Testing;
using Attune.Text.Gguf;
using Attune.Text.Tokenizers;

namespace Attune.Models.Tests.Gguf;

/// <summary>What llama.cpp makes of an exported model.</summary>
public sealed class LlamaCppTests
{
    private const int Window = 256;
    private const string Template =
        "{% for m in messages %}{{ '<s>[' + m.role + '] ' + m.content | trim + '</s>\n' }}{% endfor %}{% if "
        + "add_generation_prompt %}{{ '[assistant]' }}{% endif %}";

    [Fact]
    public async Task Llama_cpp_reads_an_exported_model_and_says_the_same_token_for_token()
    {
        var peer = LlamaCpp.Require();
        var (here, there) = peer.Folder();
        try
        {
            using var model = Llama2CCheckpoint.Import(SharedData.Require("models/stories260K/stories260K.bin"));
            var words = TokenizerFiles.ImportLlama2C(SharedData.Require("models/stories260K/tok512.bin"), 512);
            GgufExport.Write(model, words, Path.Combine(here, "model.gguf"), "stories", GgufType.F32, Template);
            using var server = peer.Serve(there + "/model.gguf", 512);

            var story = await server.AskAsync(
                "completion",
                new
                {
                    prompt = new[] { 1 },
                    n_predict = 200,
                    temperature = 0,
                    top_k = 1,
                    return_tokens = true,
                    cache_prompt = false,
                    ignore_eos = true,
                    repeat_penalty = 1.0,
                }
            );
            var options = new SamplingOptions
            {
                Temperature = 0,
                MaxNewTokens = 200,
                BatchSize = 1,
            };
            using var engine = new DecodeEngine(model);
            var own = engine
                .Sample([new SampleRequest([1], new Seed(1))], options, 0, null, TestContext.Current.CancellationToken)
                .Single();
            Assert.Equal(own.Sequence.Answer.ToArray(), story.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32()));

            foreach (
                var text in File.ReadAllText(SharedData.Require("text/tinystories/tiny_stories.txt"))
                    .Chunk(400)
                    .Take(10)
                    .Select(c => new string(c))
                    .Append(" é 日本 😀\t\n  x")
            )
            {
                var tokens = await server.AskAsync(
                    "tokenize",
                    new
                    {
                        content = text,
                        add_special = false,
                        parse_special = false,
                    }
                );
                Assert.Equal(words.Encode(text), tokens.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32()));
            }

            var chat = await server.AskAsync(
                "apply-template",
                new { messages = new[] { new { role = "user", content = " Tell a story. " } } }
            );
            // The server puts the begin token before a prompt itself.
            Assert.Equal("[user] Tell a story.</s>\n[assistant]", chat.GetProperty("prompt").GetString());
        }
        finally
        {
            Directory.Delete(here, recursive: true);
        }
    }

    // Half the last digit that llama-perplexity prints, and what rounding of the weights may cost.
    [Theory]
    [InlineData(GgufType.F32, 2e-4)]
    [InlineData(GgufType.F16, 2e-3)]
    [InlineData(GgufType.BF16, 2e-2)]
    [InlineData(GgufType.Q8, 2e-2)]
    public void Its_perplexity_agrees(GgufType type, double relative)
    {
        var peer = LlamaCpp.Require();
        var (here, there) = peer.Folder();
        try
        {
            using var model = Llama2CCheckpoint.Import(SharedData.Require("models/stories260K/stories260K.bin"));
            var words = TokenizerFiles.ImportLlama2C(SharedData.Require("models/stories260K/tok512.bin"), 512);
            GgufExport.Write(model, words, Path.Combine(here, "model.gguf"), "stories", type);
            // The program takes a line break at the end of the file away.
            var text = File.ReadAllText(SharedData.Require("text/tinystories/tiny_stories.txt"))[..6000].TrimEnd();
            File.WriteAllText(Path.Combine(here, "text.txt"), text);
            var (value, windows) = peer.Perplexity(there + "/model.gguf", there + "/text.txt", Window);
            Assert.InRange(windows, 5, 10);
            Assert.InRange(value / Perplexity(model, words, text, windows), 1 - relative, 1 + relative);
        }
        finally
        {
            Directory.Delete(here, recursive: true);
        }
    }

    /// <summary>
    /// As the program measures it: windows of equal length, each begun with the begin token; the second half of each counts.
    /// </summary>
    private static double Perplexity(LanguageModel model, ITokenizer words, string text, int count)
    {
        var tokens = words.Encode(text).Insert(0, words.BeginToken!.Value);
        var windows = Enumerable.Range(0, count).Select(i => tokens[(i * Window)..((i + 1) * Window)].SetItem(0, words.BeginToken!.Value));
        using var engine = new ScoringEngine(model);
        var scores = engine.LogProbs([.. windows.Select(w => new TokenSequence(w, 1))], cancel: TestContext.Current.CancellationToken);
        // Position n/2 predicts the token after it: the first that counts is n/2 + 1, whose log-probability is the answer's number n/2.
        return Math.Exp(-scores.SelectMany(s => s.Skip(Window / 2)).Average(p => (double)p));
    }
}
