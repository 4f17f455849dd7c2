using Attune.Core;
using Attune.Core.Runs;
using Attune.Feedback;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Testing;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Attune.Hosting.Tests;

public sealed class AttuneServicesTests
{
    private static readonly string Model = Checkout.File("assets", "reviews", "model");

    [Fact]
    public async Task A_model_answers_wherever_a_chat_client_is_injected()
    {
        var services = new ServiceCollection();
        services.AddAttuneChatClient(o => (o.Model, o.Template) = (Model, "chatml"));
        services.AddSingleton<Greeter>();
        await using var provider = services.BuildServiceProvider();
        var first = await provider.GetRequiredService<Greeter>().AskAsync();
        Assert.NotEmpty(first.Text);
        Assert.Equal("model", first.ModelId);
        Assert.InRange(first.Usage!.OutputTokenCount!.Value, 1, 8);
        Assert.Equal(first.Text, (await provider.GetRequiredService<Greeter>().AskAsync()).Text); // the same seed
    }

    [Fact]
    public async Task The_builder_wraps_the_client_and_keys_tell_two_apart()
    {
        var services = new ServiceCollection();
        services
            .AddKeyedAttuneChatClient("small", o => (o.Model, o.Template, o.Name) = (Model, "chatml", "reviewer"))
            .ConfigureOptions(o => o.MaxOutputTokens = 1);
        services.AddKeyedAttuneChatClient("other", o => o.Model = "no/such/folder/here");
        await using var provider = services.BuildServiceProvider();
        var answer = await provider.GetRequiredKeyedService<IChatClient>("small").GetResponseAsync("Hello");
        Assert.Equal(("reviewer", 1L), (answer.ModelId, answer.Usage!.OutputTokenCount));
        var problem = Assert.Throws<ConfigurationException>(() => provider.GetRequiredKeyedService<IChatClient>("other"));
        Assert.Contains("no/such/folder/here", problem.Message, StringComparison.Ordinal);
        Assert.Null(provider.GetService<IChatClient>());
    }

    [Theory]
    [InlineData(null, 1, 16, false, "Model is not set")]
    [InlineData("embedded", 0, 16, false, "Slots is 0; expected at least 1.")]
    [InlineData("embedded", 1, -4, false, "Context is -4; expected at least 1.")]
    [InlineData("folder", 1, 16, true, "is no GGUF file")]
    public void Options_that_cannot_be_met_are_said(string? model, int slots, int context, bool own, string said)
    {
        var options = new LanguageModelOptions
        {
            Model = model == "folder" ? Model : model,
            Slots = slots,
            Context = context,
            OwnBlocks = own,
        };
        Assert.Contains(said, Assert.Throws<ConfigurationException>(options.Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_scorer_gives_each_answer_the_reward_models_score()
    {
        using var folder = new TemporaryFolder();
        using (var policy = ModelFiles.LoadLanguageModel(Model))
        using (var reward = new ScalarModel(policy, new Seed(3)))
        {
            ModelFiles.Save(reward, folder.Path);
        }

        foreach (var file in Directory.GetFiles(Model).Where(f => !File.Exists(folder.File(Path.GetFileName(f)))))
        {
            File.Copy(file, folder.File(Path.GetFileName(file)));
        }

        var services = new ServiceCollection();
        services.AddAttuneScorer(folder.Path);
        services.AddKeyedAttuneScorer("none", folder.File("none"));
        await using var provider = services.BuildServiceProvider();
        var scorer = provider.GetRequiredService<AnswerScorer>();
        var together = await scorer.ScoreAsync("The film", [" is dull.", " is a delight."], TestContext.Current.CancellationToken);
        var alone = await scorer.ScoreAsync("The film", [" is a delight."], TestContext.Current.CancellationToken);
        Assert.Equal(2, together.Count);
        Assert.NotEqual(together[0], together[1]);
        Assert.Equal(together[1], alone[0], 1e-4);
        Assert.Throws<ConfigurationException>(() => provider.GetRequiredKeyedService<AnswerScorer>("none"));
    }

    [Fact]
    public async Task The_store_of_judgements_is_one_for_the_whole_application()
    {
        using var folder = new TemporaryFolder();
        var services = new ServiceCollection();
        services.AddAttuneFeedback(folder.File("feedback.db"));
        await using var provider = services.BuildServiceProvider();
        Assert.Same(provider.GetRequiredService<FeedbackStore>(), provider.GetRequiredService<FeedbackStore>());
        Assert.True(File.Exists(folder.File("feedback.db")));
    }

    private sealed class Greeter(IChatClient client)
    {
        public Task<ChatResponse> AskAsync() => client.GetResponseAsync("Hello", new ChatOptions { MaxOutputTokens = 8, Seed = 5 });
    }
}
