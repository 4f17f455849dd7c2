using Attune.Feedback;
using Attune.Feedback.Storage;
using Attune.Training.Serving;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Attune.Hosting;

/// <summary>Attune's models and its feedback store as services of an application.</summary>
public static class AttuneServices
{
    /// <summary>
    /// A model of this process as <see cref="IChatClient"/>, loaded when it is first asked for and disposed of with the container. The
    /// builder adds logging, caching, telemetry and the like.
    /// </summary>
    /// <param name="configure">Sets at least <see cref="LanguageModelOptions.Model"/>.</param>
    /// <example><code>builder.Services.AddAttuneChatClient(o => o.Model = "runs/ppo/final").UseLogging();</code></example>
    public static ChatClientBuilder AddAttuneChatClient(this IServiceCollection services, Action<LanguageModelOptions> configure) =>
        services.AddChatClient(_ => Open(configure));

    /// <summary>The same under a key, for an application that asks several models.</summary>
    /// <param name="key">As in <c>[FromKeyedServices(key)] IChatClient client</c>.</param>
    public static ChatClientBuilder AddKeyedAttuneChatClient(
        this IServiceCollection services,
        object? key,
        Action<LanguageModelOptions> configure
    ) => services.AddKeyedChatClient(key, _ => Open(configure));

    /// <summary>A reward model as <see cref="AnswerScorer"/>, loaded when it is first asked for.</summary>
    /// <param name="folder">As for <see cref="AnswerScorer.Open"/>.</param>
    public static IServiceCollection AddAttuneScorer(this IServiceCollection services, string folder) =>
        services.AddSingleton(_ => AnswerScorer.Open(folder));

    /// <summary>The same under a key.</summary>
    public static IServiceCollection AddKeyedAttuneScorer(this IServiceCollection services, object? key, string folder) =>
        services.AddKeyedSingleton(key, (_, _) => AnswerScorer.Open(folder));

    /// <summary>
    /// The store of people's judgements as <see cref="FeedbackStore"/>, opened when it is first asked for, and made where it is missing.
    /// </summary>
    /// <param name="database">A file for SQLite, or a connection string or address of PostgreSQL.</param>
    public static IServiceCollection AddAttuneFeedback(this IServiceCollection services, string database) =>
        // A container builds its services synchronously.
        services.AddSingleton(_ => FeedbackStore.OpenAsync(new StoreOptions(database), CancellationToken.None).GetAwaiter().GetResult());

    private static ModelChatClient Open(Action<LanguageModelOptions> configure)
    {
        var options = new LanguageModelOptions();
        configure(options);
        var model = options.Open();
        return new ModelChatClient(model, model);
    }
}
