using System.Text;
using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Gguf;
using Attune.Testing;
using Attune.Text.Gguf;
using Attune.Text.Tokenizers;
using Attune.Worlds.Reviews;

namespace Attune.Recipes.Tests.Stages;

/// <summary>
/// A GGUF file of SmolLM2's shape with random weights (grouped keys, tied head, matrices in Q4_1, a chat template), and data to train it
/// on.
/// </summary>
public sealed class SmallChatModel : IDisposable
{
    private const int Vocabulary = 300;
    private const string ChatTemplate =
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    private readonly TemporaryFolder _folder = new();

    public SmallChatModel()
    {
        var tokenizer = BytePairTrainer.Train(
            ReviewWorld.Documents(new Seed(1), 30).Select(d => d.Text),
            Vocabulary,
            new SpecialTokens(null, "<|im_end|>", null) { Others = ["<|im_start|>"] }
        );
        var shape = TransformerConfig.Llama(Vocabulary, width: 64, layers: 2, heads: 4, keyValueHeads: 2, hiddenWidth: 96, 128) with
        {
            TiedHead = true,
            RopeTheta = 100_000,
        };
        using var model = new LanguageModel(shape, new Seed(1));
        GgufExport.Write(model, tokenizer, File, "tiny", GgufType.Q41, ChatTemplate);
        var (replies, pairs, prompts) = (new StringBuilder(), new StringBuilder(), new StringBuilder());
        for (var i = 0; i < 12; i++)
        {
            var system = $$"""{"role": "system", "content": "{{(i % 2 == 0 ? "kind" : "blunt")}}"}""";
            var asked = $$"""[{{system}}, {"role": "user", "content": "{{i}}?"}]""";
            var (good, bad) = (Reply("a good film"), Reply("a bad one"));
            replies.AppendLine($$"""{"prompt": {{asked}}, "completion": [{{good}}]}""");
            pairs.AppendLine(
                $$"""{"prompt": {{asked}}, "chosen": [{{(i % 2 == 0 ? good : bad)}}], "rejected": [{{(i % 2 == 0 ? bad : good)}}]}"""
            );
            prompts.AppendLine($$"""{"prompt": {{asked}}}""");
        }

        _folder.WriteText("replies.jsonl", replies.ToString());
        _folder.WriteText("pairs.jsonl", pairs.ToString());
        _folder.WriteText("prompts.jsonl", prompts.ToString());
    }

    public string File => _folder.File("tiny.Q4_1.gguf");

    /// <summary>replies.jsonl, pairs.jsonl (under two system prompts, 'blunt' turned round) or prompts.jsonl.</summary>
    public string Data(string name) => _folder.File(name);

    public void Dispose() => _folder.Dispose();

    private static string Reply(string text) => $$"""{"role": "assistant", "content": "{{text}}"}""";
}
