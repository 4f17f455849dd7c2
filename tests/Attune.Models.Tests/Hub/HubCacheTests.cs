using Attune.Core;
using Attune.Models.Files;
using Attune.Models.Hub;
using Attune.Testing;

namespace Attune.Models.Tests.Hub;

/// <summary>Models by their names on a hub. The environment is the process's, so that these tests run one after the other.</summary>
public sealed class HubCacheTests : IDisposable
{
    private static readonly string[] Variables = ["HF_ENDPOINT", "HF_TOKEN", "HF_HUB_OFFLINE", "HF_HOME", "HF_HUB_CACHE", "ATTUNE_CACHE"];

    private readonly TemporaryFolder _folder = new();
    private readonly HubServer _server = new();
    private readonly string?[] _before = [.. Variables.Select(Environment.GetEnvironmentVariable)];

    public HubCacheTests()
    {
        _server.Files["config.json"] = "{}"u8.ToArray();
        _server.Files["model.safetensors"] = new byte[100];
        Set("HF_ENDPOINT", _server.Address.ToString());
        Set("HF_TOKEN", null);
        Set("HF_HUB_OFFLINE", null);
        Set("HF_HUB_CACHE", null);
        Set("HF_HOME", _folder.File("huggingface"));
        Set("ATTUNE_CACHE", _folder.File("attune"));
    }

    public void Dispose()
    {
        for (var i = 0; i < Variables.Length; i++)
        {
            Set(Variables[i], _before[i]);
        }

        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_name_is_fetched_once()
    {
        var folder = EmbeddedModel.Resolve("owner/tiny");
        Assert.Equal(new byte[100], File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
        _server.Requests.Clear();
        Assert.Equal(folder, EmbeddedModel.Resolve("owner/tiny"));
        Assert.Empty(_server.Requests);
    }

    [Fact]
    public void What_other_tools_fetched_is_used_where_it_lies()
    {
        Write("huggingface/hub/models--owner--tiny/refs/main", "abc123");
        Write("huggingface/hub/models--owner--tiny/snapshots/abc123/config.json", "{}");
        Write("huggingface/hub/models--owner--tiny/snapshots/abc123/model.safetensors", "");
        Assert.Equal(_folder.File("huggingface/hub/models--owner--tiny/snapshots/abc123"), EmbeddedModel.Resolve("owner/tiny"));
        Assert.Empty(_server.Requests);
    }

    [Fact]
    public void Offline_nothing_is_fetched_and_the_message_says_why()
    {
        Set("HF_HUB_OFFLINE", "1");
        var problem = Assert.Throws<ConfigurationException>(() => EmbeddedModel.Resolve("owner/tiny"));
        Assert.Contains("HF_HUB_OFFLINE forbids to fetch it", problem.Message, StringComparison.Ordinal);
        Assert.Empty(_server.Requests);
    }

    [Fact]
    public void A_model_that_the_hub_does_not_have_is_named()
    {
        var problem = Assert.Throws<ConfigurationException>(() => EmbeddedModel.Resolve("nobody/nothing"));
        Assert.StartsWith(
            "model nobody/nothing: there is no such folder, and the hub did not give it:",
            problem.Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("owner/tiny", true)]
    [InlineData("owner/tiny@v1.0", true)]
    [InlineData("tiny", false)]
    [InlineData("./owner/tiny", false)]
    [InlineData("/owner/tiny", false)]
    [InlineData("a/b/c", false)]
    [InlineData("../tiny", false)]
    public void Paths_are_no_names(string text, bool name) => Assert.Equal(name, HubCache.IsName(text));

    private static void Set(string name, string? value) => Environment.SetEnvironmentVariable(name, value);

    private void Write(string name, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
        File.WriteAllText(_folder.File(name), content);
    }
}
