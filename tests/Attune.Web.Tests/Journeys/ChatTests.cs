using Attune.Core.Conversations;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Storage;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Journeys;

[Collection(nameof(SiteCollection))]
public sealed class ChatTests(Site site, Chromium chromium)
{
    private static (int Width, int Height) Size(string screen) => screen == "phone" ? Chromium.Phone : Chromium.Desktop;

    private async Task<(ProjectInfo Project, Someone Anna)> ProjectAsync(int tasks)
    {
        var project = await site.ProjectAsync(
            ProjectKind.Chat,
            [
                .. Enumerable
                    .Range(1, tasks)
                    .Select(i => new NewItem(new ItemContent(new Prompt.Text($"Ask for help with cooking ({i})."), []))),
            ],
            new ProjectSettings { ChatTurns = 2, Shuffle = false }
        );
        return (project, await site.PersonAsync(MemberRole.Annotator, project.Id));
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task Two_turns_by_mouse_then_the_whole_is_rated(string screen)
    {
        var (project, anna) = await ProjectAsync(5);
        var page = await chromium.OpenAsync(site, anna, $"/work/{project.Id}", Size(screen));
        await Assertions.Expect(page.GetByText("Task 1 of 5")).ToBeVisibleAsync();
        await page.GetByLabel("Write to the assistant").FillAsync("How long do eggs take?");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Turn 1 of 2: which reply is better?")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Radio, new() { Name = "B is better", Exact = true }).ClickAsync();
        var preferred = (await page.Locator(".answer.b .text").TextContentAsync())!;
        await Chromium.ShootAsync(page, "chat-" + screen);
        await page.GetByLabel("Continue: the reply you prefer is kept").FillAsync("And soft ones?");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Turn 2 of 2: which reply is better?")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".turn.assistant")).ToContainTextAsync(preferred);
        await page.GetByRole(AriaRole.Radio, new() { Name = "A is much better" }).ClickAsync();
        await page.GetByRole(AriaRole.Radio, new() { Name = "Overall 4" }).ClickAsync();
        await page.GetByLabel("Comment (optional)").FillAsync("fine");
        await page.GetByRole(AriaRole.Button, new() { Name = "Finish and submit" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Task 2 of 5")).ToBeVisibleAsync();
        Assert.Equal(
            [new ChatJudgement([new TurnJudgement(0, 7), new TurnJudgement(1, 1)], 4) { Comment = "fine" }],
            await site.JudgementsAsync(project.Id)
        );
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task By_keyboard_alone(string screen)
    {
        var (project, anna) = await ProjectAsync(1);
        var page = await chromium.OpenAsync(site, anna, $"/work/{project.Id}", Size(screen));
        await page.Keyboard.PressAsync("i");
        await page.Keyboard.TypeAsync("Hello");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByText("Turn 1 of 2: which reply is better?")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("3");
        await page.Keyboard.PressAsync("o");
        await page.Keyboard.PressAsync("5");
        await Assertions.Expect(page.GetByRole(AriaRole.Radio, new() { Name = "Overall 5: good" })).ToBeCheckedAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Radio, new() { Name = "A is somewhat better" })).ToBeCheckedAsync();
        await Chromium.ShootAsync(page, "chat-keys-" + screen);
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "All done" })).ToBeVisibleAsync();
        Assert.Equal([new ChatJudgement([new TurnJudgement(0, 3)], 5)], await site.JudgementsAsync(project.Id));
    }

    [Fact]
    public async Task A_message_that_could_not_be_sent_is_kept()
    {
        var (project, anna) = await ProjectAsync(1);
        var page = await chromium.OpenAsync(site, anna, $"/work/{project.Id}");
        await page.GetByLabel("Write to the assistant").FillAsync("A long and careful question");
        await page.Context.SetOfflineAsync(true);
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("saved on this device");
        await page.Context.SetOfflineAsync(false);
        await page.ReloadAsync();
        await Assertions.Expect(page.GetByLabel("Write to the assistant")).ToHaveValueAsync("A long and careful question");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Turn 1 of 2: which reply is better?")).ToBeVisibleAsync();
    }
}
