using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Files;
using Attune.Testing;
using Attune.Text.Tokenizers;
using Attune.Worlds.Reviews;

namespace Attune.Cli.Tests;

/// <summary>Small model folders, made once for all tests of a class: 300 tokens, 64 positions, random weights.</summary>
public sealed class TinyModel : IDisposable
{
    public const int Context = 64;
    private readonly TemporaryFolder _folder = new();

    public TinyModel()
    {
        Tokenizer(300).Save(_folder.File("policy"));
        using var policy = new LanguageModel(Shape(300), new Seed(1));
        ModelFiles.Save(policy, _folder.File("policy"));
        Tokenizer(300).Save(_folder.File("reward"));
        using var reward = new ScalarModel(policy, new Seed(2));
        ModelFiles.Save(reward, _folder.File("reward"));
    }

    /// <summary>A language model with its tokenizer.</summary>
    public string Policy => _folder.File("policy");

    /// <summary>A reward model of the same shape and tokenizer.</summary>
    public string Reward => _folder.File("reward");

    public static BytePairTokenizer Tokenizer(int vocabulary) =>
        BytePairTrainer.Train(
            ReviewWorld.Documents(new Seed(1), 60).Select(d => d.Text),
            vocabulary,
            new SpecialTokens(null, "<|endoftext|>", "<|pad|>")
        );

    public static TransformerConfig Shape(int vocabulary) => TransformerConfig.Gpt2(vocabulary, width: 16, layers: 1, heads: 2, Context);

    /// <summary>A copy of the policy's folder, to be damaged.</summary>
    public string CopyPolicy(string target)
    {
        Directory.CreateDirectory(target);
        foreach (var file in Directory.EnumerateFiles(Policy))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }

        return target;
    }

    public void Dispose() => _folder.Dispose();
}
