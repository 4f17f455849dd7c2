using System.Text;
using Attune.Core;
using Attune.Models.Hub;
using Attune.Testing;

namespace Attune.Models.Tests.Hub;

public sealed class ModelHubTests : IDisposable
{
    private static readonly HubName Name = HubName.Parse("owner/tiny");
    private readonly HubServer _server = new();
    private readonly HttpClient _http = new();
    private readonly TemporaryFolder _folder = new();

    public ModelHubTests()
    {
        var weights = new byte[300_000];
        Fill(weights);
        _server.Files["config.json"] = Encoding.UTF8.GetBytes("{\"model_type\": \"llama\"}");
        _server.Files["model.safetensors"] = weights;
        _server.Files["tokenizer.json"] = Encoding.UTF8.GetBytes("{}");
        _server.Files["pytorch_model.bin"] = new byte[10];
        _server.Files["../outside.json"] = Encoding.UTF8.GetBytes("{}");
    }

    public void Dispose()
    {
        _server.Dispose();
        _http.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_a_model_folder_needs_arrives_and_nothing_else()
    {
        var (commit, files) = await PullAsync();
        Assert.Equal("c0ffee", commit);
        Assert.Equal(["config.json", "model.safetensors", "tokenizer.json"], files.Order());
        Assert.All(files, f => Assert.Equal(_server.Files[f], File.ReadAllBytes(_folder.File(f))));
        Assert.Equal(
            ["config.json", "model.safetensors", "pulled.json", "tokenizer.json"],
            Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order()
        );
    }

    [Fact]
    public async Task A_connection_cut_again_and_again_goes_on_where_it_stopped()
    {
        _server.CutAfter = 130_000;
        await PullAsync();
        Assert.Equal(_server.Files["model.safetensors"], File.ReadAllBytes(_folder.File("model.safetensors")));
        // Each attempt asks for what is missing; none begins anew.
        Assert.Equal(3, _server.Requests.Count(r => r.Contains("model.safetensors", StringComparison.Ordinal)));
        Assert.Equal(2, _server.Requests.Count(r => r.Contains("model.safetensors bytes=", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_server_without_ranges_begins_anew_and_the_file_is_whole()
    {
        File.WriteAllBytes(_folder.File("model.safetensors.part"), _server.Files["model.safetensors"][..1000]);
        _server.KnowsRanges = false;
        await PullAsync();
        Assert.Equal(_server.Files["model.safetensors"], File.ReadAllBytes(_folder.File("model.safetensors")));
    }

    [Fact]
    public async Task The_beginning_of_another_version_is_found_out_and_thrown_away()
    {
        File.WriteAllBytes(_folder.File("model.safetensors.part"), new byte[1000]);
        await PullAsync();
        Assert.Equal(_server.Files["model.safetensors"], File.ReadAllBytes(_folder.File("model.safetensors")));
    }

    [Fact]
    public async Task A_second_pull_fetches_nothing_but_what_was_changed()
    {
        await PullAsync();
        File.WriteAllText(_folder.File("tokenizer.json"), "{]");
        _server.Requests.Clear();
        await PullAsync();
        Assert.Equal(["/api/models/owner/tiny/revision/main", "/owner/tiny/resolve/c0ffee/tokenizer.json"], _server.Requests);
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("config.json")]
    public async Task A_file_with_another_hash_is_refused_and_not_kept(string name)
    {
        _server.Damaged[name] = [.. _server.Files[name][..^1], 1];
        Assert.Contains("another size or hash", (await Assert.ThrowsAsync<AttuneException>(PullAsync)).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File(name)));
    }

    [Fact]
    public async Task More_bytes_than_listed_are_refused()
    {
        _server.Damaged["model.safetensors"] = new byte[400_000];
        Assert.Contains(
            "more than the 300000 bytes",
            (await Assert.ThrowsAsync<AttuneException>(PullAsync)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_busy_server_is_asked_again()
    {
        _server.Busy = 2;
        await PullAsync();
        Assert.True(File.Exists(_folder.File("config.json")));
    }

    [Fact]
    public async Task Refusals_say_what_to_do()
    {
        _server.Token = "secret";
        Assert.Contains("HF_TOKEN", (await Assert.ThrowsAsync<AttuneException>(PullAsync)).Message, StringComparison.Ordinal);
        await Hub("secret").PullAsync(Name, _folder.Path, _ => { }, TestContext.Current.CancellationToken);
        var absent = await Assert.ThrowsAsync<AttuneException>(() =>
            Hub("secret").PullAsync(HubName.Parse("owner/other@v1"), _folder.Path, _ => { }, TestContext.Current.CancellationToken)
        );
        Assert.Contains("has no model 'owner/other' with revision 'v1'", absent.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", absent.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_server_at_all_is_said_after_some_attempts()
    {
        _server.Dispose();
        Assert.Contains("could not be fetched", (await Assert.ThrowsAsync<AttuneException>(PullAsync)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/b/c")]
    [InlineData("")]
    [InlineData("a/b@")]
    [InlineData("a b")]
    public void What_is_no_name_is_refused(string text) =>
        Assert.Contains(
            "is not a model's name",
            Assert.Throws<ConfigurationException>(() => HubName.Parse(text)).Message,
            StringComparison.Ordinal
        );

    private Task<(string Commit, System.Collections.Immutable.ImmutableArray<string> Files)> PullAsync() =>
        Hub(null).PullAsync(Name, _folder.Path, _ => { }, TestContext.Current.CancellationToken);

    private ModelHub Hub(string? token) => new(_http, _server.Address, token, new Hasty());

    private static void Fill(byte[] bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(i * 31 + i / 251);
        }
    }

    /// <summary>Waits no time.</summary>
    private sealed class Hasty : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
