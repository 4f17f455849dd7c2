using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>Values that no command can work with: one message each, and nothing is written.</summary>
public sealed class BadOptionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>In the command lines, '' stands for an empty value.</summary>
    [Theory]
    [InlineData("demo --out ''", "--out is empty; expected DIR.")]
    [InlineData("run '' --out run", "recipe is empty; expected RECIPE.yaml.")]
    [InlineData("sft --model '' --data data.jsonl", "--model is empty; expected DIR.")]
    [InlineData("sft --model embedded --data data.jsonl --out ''", "--out is empty; expected DIR.")]
    [InlineData("generate --model '' --prompt x", "--model is empty; expected DIR.")]
    [InlineData("generate --model embedded --prompt x --count -1", "--count is -1; expected at least 1.")]
    [InlineData("generate --model embedded --prompt x --max-tokens -5", "--max-tokens is -5; expected at least 0.")]
    [InlineData("chat --model ''", "--model is empty; expected DIR.")]
    [InlineData("evaluate --model embedded --text ''", "--text is empty; expected FILE.")]
    [InlineData("model export embedded --out ''", "--out is empty; expected PATH.")]
    [InlineData("model merge '' --out merged", "is empty; expected DIR.")]
    [InlineData("model info ''", "model is empty; expected DIR.")]
    [InlineData("data sample reviews --count -3", "--count is -3; expected at least 0.")]
    [InlineData("data convert --positive a --negative b --out ''", "--out is empty; expected FILE.")]
    [InlineData("data convert --positive a --negative b --out c --held-out 2", "--held-out is 2; expected a share from 0 to below 1")]
    [InlineData("data convert --positive a --negative b --out c --held-out -0.5", "--held-out is -0.5; expected a share")]
    [InlineData("data convert --positive a --negative b --out c --held-out NaN", "--held-out is NaN; expected a share")]
    [InlineData("feedback snapshot --project p --out s --held-out 2", "--held-out is 2; expected a share")]
    [InlineData("feedback backup --out ''", "--out is empty; expected FILE.")]
    [InlineData("serve --port 99999", "--port is 99999; expected a port from 0 to 65535.")]
    [InlineData("serve --port -1", "--port is -1; expected a port from 0 to 65535.")]
    [InlineData("serve --urls nonsense", "--urls has 'nonsense'; expected addresses like http://0.0.0.0:8080")]
    [InlineData("serve --urls http://localhost:99999", "--urls has 'http://localhost:99999'")]
    [InlineData("serve --data ''", "--data is empty; expected DIR.")]
    [InlineData("figure over-optimisation --out ''", "--out is empty; expected FILE.svg.")]
    [InlineData("control tamer mountain-car --port 99999", "--port is 99999; expected a port from 0 to 65535.")]
    public void A_value_that_cannot_work_is_one_message(string line, string words)
    {
        AttuneProgram.Run(_folder.Path, [.. line.Split(' ').Select(word => word == "''" ? "" : word)]).Refused(words);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }
}
