namespace Attune.Web.Components;

/// <summary>The names under which the antiforgery token is sent: a form field, or a header from scripts.</summary>
internal static class AntiforgeryFields
{
    public const string Name = "__token";
    public const string Header = "RequestVerificationToken";
    public const string Cookie = "attune_forgery";
}
