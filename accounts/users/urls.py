"""Sign-in and sign-up. Of allauth's own pages only the sign-out exists; the rest is 404."""

from allauth.account.views import logout
from django.urls import path

from accounts.users import views

urlpatterns = [
    path("login/", views.sign_in, name="account_login"),
    path("signup/", views.sign_up, name="account_signup"),
    path("login/code/", views.confirm_code, name="account_confirm_login_code"),
    path("logout/", logout, name="account_logout"),
]
