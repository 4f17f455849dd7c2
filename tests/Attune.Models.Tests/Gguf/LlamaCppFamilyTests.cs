using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Models.Configuration;
using Attune.Models.Decoding;
using Attune.Models.Gguf;
using Attune.Testing;
using Attune.Text.Gguf;
using Attune.Text.Tokenizers;

namespace Attune.Models.Tests.Gguf;

/// <summary>What llama.cpp makes of an exported model of each family.</summary>
public sealed class LlamaCppFamilyTests
{
    private const int Prompt = 26,
        New = 6;

    /// <summary>Every family, and Llama with biases and with positions stretched in each way.</summary>
    private static readonly Dictionary<string, TransformerConfig> Models = All()
        .DistinctBy(m => m.Name)
        .ToDictionary(m => m.Name, m => m.Config with { VocabularySize = 272, ContextLength = 128 });

    private static IEnumerable<(string Name, TransformerConfig Config)> All() =>
        [
            .. TinyModels.General.Concat(TinyModels.Others).Select(c => (c.Family, c)),
            ("biases of attention", TinyModels.Llama with { Biases = BiasKind.Attention }),
            ("all biases", TinyModels.Llama with { Biases = BiasKind.All }),
            ("heads of their own width", TinyModels.Llama with { OwnHeadWidth = 20 }),
            ("linear", TinyModels.Llama with { RopeScaling = new RopeScaling(RopeScalingKind.Linear, 2.5) }),
            ("llama3", TinyModels.Llama with { RopeScaling = new RopeScaling(RopeScalingKind.Llama3, 8, 16, 1, 4) }),
            ("yarn", TinyModels.Llama with { RopeScaling = new RopeScaling(RopeScalingKind.Yarn, 4, 16, 1, 32, 1.2) }),
        ];

    public static TheoryData<string> Names => [.. Models.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task It_says_the_same_tokens(string name)
    {
        var peer = LlamaCpp.Require();
        var tokenizer = SharedData.Require("golden/gguf/families/qwen3.gguf");
        var config = Models[name];
        // A window that llama.cpp does not apply is left out by a context no longer than it.
        config = config.Family.StartsWith("gemma", StringComparison.Ordinal)
            ? config
            : config with
            {
                SlidingWindow = null,
                WindowedLayers = null,
            };
        config = config.Family == "smollm3" ? config with { Layers = 4, UnturnedLayers = new([false, false, false, true]) } : config;
        var (here, there) = peer.Folder();
        try
        {
            GgufTexts.Write(GgufHeader.Read(tokenizer), here);
            using var model = TinyModels.Random(config);
            GgufExport.Write(model, TokenizerFiles.Load(here), Path.Combine(here, "model.gguf"), "tiny", GgufType.F32);
            int[] prompt = [.. TinyModels.Tokens(config, Prompt, 5)];
            using var decoder = Decoders.Loaded(model);
            var options = new SamplingOptions
            {
                Temperature = 0,
                MaxNewTokens = New,
                BatchSize = 1,
            };
            var own = decoder
                .Sample([new SampleRequest([.. prompt], new Seed(1))], options, -1, null, TestContext.Current.CancellationToken)
                .Single();

            using var server = peer.Serve(there + "/model.gguf", 128);
            var answer = await server.AskAsync(
                "completion",
                new
                {
                    prompt,
                    n_predict = New,
                    temperature = 0,
                    top_k = 1,
                    return_tokens = true,
                    cache_prompt = false,
                    ignore_eos = true,
                    repeat_penalty = 1.0,
                }
            );
            Assert.Equal(own.Sequence.Answer.ToArray(), answer.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32()));
        }
        finally
        {
            Directory.Delete(here, recursive: true);
        }
    }
}
